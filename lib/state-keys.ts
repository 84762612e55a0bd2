/** What a state is called in the record and in claims: written by the harness, read by whoever asks the record why. */
export const mdbKey = (bridge: string, port: string, group: string, vlan = 0): string => `${bridge} MDB ${group} on ${port}${vlan ? ` VLAN ${vlan}` : ''}`;
/** A port behind which a bridge holds a querier or multicast router to be. */
export const routerKey = (bridge: string, port: string): string => `${bridge} router port ${port}`;
export const fdbKey = (bridge: string, mac: string, vlan = 0): string => `${bridge} FDB ${mac}${vlan ? ` VLAN ${vlan}` : ''}`;
export const neighbourKey = (device: string, address: string): string => `${device} neighbour ${address}`;
export const activeSlaveKey = (bond: string): string => `${bond} active slave`;
export const linkKey = (device: string): string => `${device} operstate`;
export const portKey = (device: string): string => `${device} port state`;

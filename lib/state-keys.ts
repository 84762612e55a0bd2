/** What a state is called in the record and in claims: written by the harness, read by whoever asks the record why. */
export const mdbKey = (bridge: string, port: string, group: string, vlan = 0, source?: string): string => `${bridge} MDB ${group}${source === undefined ? '' : ` from ${source}`} on ${port}${vlan ? ` VLAN ${vlan}` : ''}`;
/** Of a group on a port of an IGMPv3 or MLDv2 bridge: include or exclude. */
export const filterModeKey = (bridge: string, port: string, group: string, vlan = 0): string => `${mdbKey(bridge, port, group, vlan)} filter mode`;
/** A port behind which a bridge holds a querier or multicast router to be. */
export const routerKey = (bridge: string, port: string): string => `${bridge} router port ${port}`;
export const fdbKey = (bridge: string, mac: string, vlan = 0): string => `${bridge} FDB ${mac}${vlan ? ` VLAN ${vlan}` : ''}`;
export const neighbourKey = (device: string, address: string): string => `${device} neighbour ${address}`;
export const activeSlaveKey = (bond: string): string => `${bond} active slave`;
export const linkKey = (device: string): string => `${device} operstate`;
export const portKey = (device: string): string => `${device} port state`;

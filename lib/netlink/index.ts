/** rtnetlink without effects: requests as bytes, answers as objects, and the tables of what devices can be told. */
export type { NotificationGroup } from './constants.ts';
export * from './message.ts';
export * from './options/index.ts';
export * from './link.ts';
export * from './address.ts';
export * from './neighbour.ts';
export * from './mdb.ts';
export * from './qdisc.ts';
export * from './classic-bpf.ts';
export * from './filter.ts';
export * from './bridge-vlan.ts';
export * from './decode/link.ts';
export * from './decode/neighbour.ts';
export * from './decode/mdb.ts';
export * from './decode/bridge-vlan.ts';
export * from './decode/address.ts';
export * from './decode/notification.ts';

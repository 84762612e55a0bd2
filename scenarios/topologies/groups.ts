import { s } from '../../harness/scenario.ts';

/** A first report leaves within 3 ticks of the join (MLD's from a work queue): nothing in RFC time, seconds in a scaled run. */
export const REPORTED = s(5);

/** The group that the stories speak of: of the organization-local scope (RFC 2365), or transient and site-local (RFC 4291). */
export const groupOf = (family: 4 | 6): string => (family === 4 ? '239.192.5.5' : 'ff15::5:5');

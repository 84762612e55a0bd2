// A bond is given another mode and another way of watching, as an administrator does who changes his mind. Does it work on?
//
//   server ── eth0 ═ bond0  client
//
//   active-backup, all_slaves_active   pings pass | slave released, bond down
//   balance-rr, arp_interval 1 s       slave back, bond up | pings pass, and server is asked for once a second
//
// What the modes need is made when a bond is opened or given its mode: kernels that made balance-rr's counters with the
// bond alone, and only where it began in that mode, died at the first frame ("bonding: fix NULL deref in bond_rr_gen_slave_id").
import { after, frame, ms, s, scenario, since, topology } from '../../harness/scenario.ts';
import { NOT_SCALED } from '../topologies/two-access-switches.ts';

const CLIENT = '192.0.2.1', SERVER = '192.0.2.3';
const EVERY = ms(200), WORKS = s(20);
/** Links up, and the first question of the monitor answered. */
const SETTLES = s(5);

interface Settings { to: 'balance-rr' | 'broadcast' | 'as-it-was' }
const variant = (to: Settings['to']): Settings => ({ to });

export default scenario({
  title: 'another mode for a bond',
  cases: ['C7'],
  inDefaultSet: false,
  variants: { 'to-balance-rr': variant('balance-rr'), 'to-broadcast': variant('broadcast') },
  controls: { 'as-it-was': { ...variant('as-it-was'), breaks: `ARP requests for ${SERVER}` } },
  // While the bond is without its slave, and down.
  diagnosis: { 'to-balance-rr': 'link-down', 'to-broadcast': 'link-down', 'as-it-was': 'link-down' },
  topology: () => topology((t) => {
    const client = t.hypervisor('client'), server = t.host('server');
    const bond0 = client.bond('bond0', { mode: 'active-backup', miimon: ms(100), options: { all_slaves_active: true }, addresses: [`${CLIENT}/24`] });
    t.link(bond0, server, { a: { name: 'eth0' }, b: { name: 'eth0', addresses: [`${SERVER}/24`] } });
    // What is asked of everybody is asked by the bond.
    t.knows(client, SERVER, { node: 'server', device: 'eth0' }, 'bond0');
    t.knows(server, CLIENT, { node: 'client', device: 'bond0' });
    return { bond0, server };
  }),
  captures: () => [{ node: 'server', device: 'eth0' }],
  notScaled: NOT_SCALED,

  async story({ bond0, server }, { variant: v, expect, capture, now, passes, until, bounds }) {
    const ping = server.pings(CLIENT, { every: EVERY });
    const begun = now('the pings began');
    await until(begun, WORKS);
    // A bond whose last slave leaves takes a random address (__bond_release_one).
    const { mac } = bond0;
    bond0.releases('eth0');
    bond0.goesDown();
    bond0.setsAddress(mac);
    await passes(s(1));
    if (v.to !== 'as-it-was') bond0.sets({ mode: v.to, arp_interval: 1000, arp_ip_target: [SERVER] });
    bond0.enslaves('eth0');
    const whole = after(bond0.comesUp(), SETTLES, 'the bond was up again');
    const round = bounds.timer('arp_interval', s(1));
    await Promise.all([
      expect(ping).continues(since(begun, s(19))),
      expect(ping).continues(since(whole, WORKS)),
      expect(capture({ node: 'server', device: 'eth0' })).sees(frame.and(frame.arpRequest(SERVER), frame.to('ff:ff:ff:ff:ff:ff', 'everybody')), since(whole, WORKS), {
        atLeast: Math.floor(WORKS.ns / (round.max.ns + 2e9 / bounds.hz)), atMost: Math.ceil(WORKS.ns / round.min.ns) + 1,
      }),
    ]);
  },
});

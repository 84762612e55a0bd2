// A port is locked: only stations that somebody entered may speak through it. Who gets in, and from when to when?
//
//   alice ── br0 ── carol        alice's port: locked, learns nothing
//
//   alice's pings    answered | locked: lost | entered: answered | unlocked, entry gone: answered
//
// What 802.1X does on a Linux bridge (hostapd enters the station): a frame from a MAC that has no entry on that port is
// dropped before it teaches anything (BR_PORT_LOCKED in br_handle_frame_finish). To the port everything passes.
import { after, between, bound, frame, ms, ns, plus, s, scenario, topology, within } from '../../harness/scenario.ts';

const EVERY = ms(500), VLAN = 100;

interface Settings { family: 4 | 6; vlan: boolean; locks: boolean; enters: boolean }
const settings = (family: 4 | 6, over: Partial<Settings> = {}): Settings => ({ family, vlan: false, locks: true, enters: true, ...over });

export default scenario({
  title: 'locked port',
  cases: [],
  inDefaultSet: false,
  variants: { ipv4: settings(4), ipv6: settings(6), 'in-a-vlan': settings(4, { vlan: true }) },
  controls: {
    'not-locked': { ...settings(4, { locks: false }), breaks: ['outage', 'no frames from alice'] },
    'never-entered': { ...settings(6, { enters: false }), breaks: 'delivery resumes' },
  },
  diagnosis: { ipv4: 'port-locked', ipv6: 'port-locked', 'in-a-vlan': 'port-locked', 'never-entered': 'port-locked' },
  topology: ({ family, vlan }) => topology((t) => {
    const br0 = t.bridge('br0', { snooping: false, ...(vlan ? { options: { vlan_filtering: true } } : {}) });
    const vlans = vlan ? { vlans: [{ id: VLAN, pvid: true, untagged: true }] } : {};
    return { br0, alice: t.guest('alice', { on: br0, port: { learning: false }, ...vlans }), carol: t.guest('carol', { on: br0, ...vlans }) };
  }, { ipv6: family === 6 }),
  captures: () => [{ node: 'br0', device: 'carol' }],

  async story({ br0, alice, carol }, { variant: v, expect, capture, now, passes, until, bounds }) {
    const where = v.vlan ? { vlan: VLAN } : {};
    const ping = alice.pings(carol.address(v.family), { every: EVERY });
    await passes(s(5));
    const locked = v.locks ? br0.setsPort(alice, { locked: true }) : now('nothing was locked');
    await until(locked, s(5));
    const entered = v.enters ? br0.believes(alice, 'alice', where) : now('nobody was entered');
    await until(entered, s(10));
    const unlocked = v.locks ? br0.setsPort(alice, { locked: false }) : now('nothing was unlocked');
    if (v.enters) br0.forgets(alice, 'alice', where);
    const end = after(unlocked, s(10), 'the end');
    // Who got no answer for a while asks anew who has the address, a second apart.
    const atOnce = bound(ns(0), plus(EVERY, s(1), bounds.slack), 'with the next ping, or the next question for the address');
    const settled = after(locked, ms(10), 'what was on its way was over');
    await Promise.all([
      expect(ping).outage({ ...between(settled, entered) }, { lostAtLeast: 8, recovers: false, reasons: ['two a second'] }),
      expect(capture({ node: 'br0', device: 'carol' })).seesNo(frame.from(alice.mac, 'alice'), between(settled, entered)),
      expect(ping).resumes(within(entered, atOnce), { watch: s(5) }),
      expect(ping).continues(between(after(entered, atOnce.max), end)),
    ]);
  },
});

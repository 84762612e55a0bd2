// A guest migrates, and the network is not told, or told too early. Until when does a host outside lose it?
//
//                outside (pings vm, once a second)
//                   │
//                  sw                 believes: vm is behind hv1
//                ╱    ╲
//         hv1: br0     hv2: br0
//               │       │
//              vm  ───▶ (vm)          silent
//
// The guest's MAC and address are at hv2; the switch goes on sending to hv1 until a frame of the guest's comes from
// hv2, or until it forgets the MAC and floods. A gratuitous ARP that leaves before the tap is in hv2's bridge goes
// nowhere, and is not sent again.
import { type Duration, frame, minus, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { ageing } from '../topologies/fdb-ageing.ts';
import { twoHypervisors } from '../topologies/two-hypervisors.ts';

const EVERY = s(1);
/** How long the guest has nothing to say after the move: long enough for the reported 30 pings. */
const SILENCE = s(40);
/** What frames on their way and the story's own work may take: to open a socket, to read a notification. */
const FLIGHT = ms(50);

interface Settings {
  announce: 'none' | 'gratuitous-arp' | 'rarp';
  when?: 'before-attach' | 'after-attach';
  ending: 'guest-sends' | 'fdb-ageing';
  switchAgeing?: Duration;
}
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'migration that nobody announces',
  cases: ['D1', 'D2'],
  variants: {
    'until-it-sends': variant({ announce: 'none', ending: 'guest-sends' }),
    'until-the-switch-forgets': variant({ announce: 'none', ending: 'fdb-ageing' }),
    'announced-before-attach': variant({ announce: 'gratuitous-arp', when: 'before-attach', ending: 'guest-sends' }),
  },
  controls: {
    'announced-after-all': { ...variant({ announce: 'gratuitous-arp', when: 'after-attach', ending: 'guest-sends' }), breaks: ['no gratuitous ARPs', 'outage'] },
    'the-switch-forgets-early': { ...variant({ announce: 'none', ending: 'fdb-ageing', switchAgeing: s(200) }), breaks: ['becomes absent', 'outage'] },
  },
  diagnosis: {
    'until-it-sends': 'migration-unannounced', 'until-the-switch-forgets': 'migration-unannounced',
    'announced-before-attach': 'announcement-too-early', 'the-switch-forgets-early': 'migration-unannounced',
  },
  topology: (v) => twoHypervisors(v),
  captures: ({ sw, vm }, v) => (v.announce === 'none' ? [] : [{ node: vm.node, device: 'eth0' }, { node: sw.node, device: 'hv2' }]),

  async story({ sw, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, figure }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    await passes(s(5.5));
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: v.announce, ...(v.when ? { when: v.when } : {}) });
    const place = sw.fdbEntry(vm.mac);
    figure('standstillS', (there.ns - left.ns) / 1e9);

    if (v.ending === 'guest-sends') {
      await until(there, SILENCE);
      const spoke = now('the guest sent');
      const silence = minus(ns(spoke.ns - left.ns), ms(1));
      vm.pings(outside.address(), { every: s(300) });
      if (v.announce !== 'none') {
        await expect(capture({ node: 'vm', device: 'eth0' })).sees(frame.gratuitousArp({ ip: vm.address() }), since(left, silence), { atLeast: 1, atMost: 1 });
        await expect(capture({ node: 'sw', device: 'hv2' })).sees(frame.gratuitousArp(), since(left, silence), { atMost: 0 });
      }
      await expect(place).stays('hv1', since(left, silence));
      // The last of them may leave late: by milliseconds, in real time by more.
      const lost = Math.floor((spoke.ns - left.ns - plus(ms(10), times(bounds.slack, 2)).ns) / EVERY.ns);
      await expect(ping).outage(since(left, silence), { lostAtLeast: lost, recovers: false, reasons: [`${lost} pings at least, one a second, are sent between its leaving and its first frame`] });
      const arrives = within(spoke, ns(0), plus(FLIGHT, times(bounds.slack, 2)), 'one frame, through two bridges', 'in real time the story may send late, and read late');
      await expect(place).becomes('hv2', arrives);
      await expect(ping).resumes(arrives);
    } else {
      const last = ping.lastReply;
      const forgets = ageing(bounds);
      await expect(place).becomes('absent', within(last, forgets));
      await expect(ping).outage(since(left, plus(forgets.max, s(3))), { atLeast: forgets.min, atMost: plus(forgets.max, EVERY), reasons: [...forgets.reasons, 'and up to a second until the next ping'] });
      const forgotten = place.changes.find((c) => c.ns > left.ns && c.value === 'absent');
      if (forgotten) figure('forgottenAfterS', (forgotten.ns - last.ns) / 1e9);
    }
  },
});

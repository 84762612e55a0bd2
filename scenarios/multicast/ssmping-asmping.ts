// One channel, asked for in two ways: by who knows the source (ssmping) and by who does not (asmping). What passes a
// bridge that knows sources, and for how long?
//
//   server (ssmpingd)   sam (ssmping)   amy (asmping)   other (sends to the same group)      core (querier, then silent)
//        └──────────────────┴──────┬────────┴───────────────┘                                  │
//                       vmbr0: IGMPv3 or MLDv2, own querier off ───────────────────────────────┘
//
//   sam   allow {server} ─▶ INCLUDE {server}   hears server, not other
//   amy   to-exclude {}  ─▶ EXCLUDE {}         hears both
//
// Both kinds of membership end 260 s after their last report, and unicast goes on: for SSM there is no more help in a
// querier that has gone than for ASM. Debian's ssmping, asmping and ssmpingd take either side, against ours on the other.
import { between, frame, min, ms, plus, portOf, type Program, s, scenario, since, times, topology, wheelStep, within } from '../../harness/scenario.ts';
import { REPORTED } from '../topologies/groups.ts';
import { OTHER_QUERIER_PRESENT } from '../topologies/querier-outside.ts';

interface Settings {
  family: 4 | 6;
  /** Whose are the daemon and the clients: of Debian's package, or ours. */
  daemon: 'ours' | 'debian';
  clients: 'ours' | 'debian';
  knowsSources: boolean;
  /** Does sam name the source? */
  samNamesIt: boolean;
  otherQuerier: typeof OTHER_QUERIER_PRESENT;
}
const settings = (over: Partial<Settings> = {}): Settings => ({ family: 4, daemon: 'ours', clients: 'ours', knowsSources: true, samNamesIt: true, otherQuerier: min(60), ...over });
const GROUP = { 4: '232.43.211.234', 6: 'ff3e::4321:1234' } as const;
const REAL_TIME = 'the real programs ask once a second of real time';

export default scenario({
  title: 'ssmping beside asmping',
  cases: ['A1', 'A5', 'A6', 'B1', 'B5'],
  inDefaultSet: false,
  variants: {
    'igmpv3': { ...settings(), diagnosis: 'membership-expired' },
    'mldv2': { ...settings({ family: 6 }), diagnosis: 'membership-expired' },
    'our-clients-their-daemon': { ...settings({ daemon: 'debian' }), diagnosis: 'membership-expired' },
    'their-clients-our-daemon': { ...settings({ clients: 'debian' }), notScaled: REAL_TIME },
    'their-clients-our-daemon-ipv6': { ...settings({ family: 6, clients: 'debian' }), notScaled: REAL_TIME },
  },
  controls: {
    // Knows groups only: who wants one source gets them all.
    'igmpv2-bridge': { ...settings({ knowsSources: false }), breaks: /at vmbr0:sam: nothing arrives/, diagnosis: 'membership-expired' },
    'sam-names-no-source': { ...settings({ samNamesIt: false }), breaks: /at vmbr0:sam: nothing arrives/, diagnosis: 'membership-expired' },
    'bridge-that-floods': { ...settings({ otherQuerier: OTHER_QUERIER_PRESENT }), breaks: [/sam hears server .*delivery stops/, /amy hears server .*delivery stops/] },
  },
  programs: ({ daemon, clients }: Settings) => [...(daemon === 'debian' ? ['ssmpingd'] : []), ...(clients === 'debian' ? ['ssmping', 'asmping'] : [])].map((name) => ({ name, package: 'ssmping' })),
  topology: ({ family, knowsSources, otherQuerier }: Settings) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, otherQuerier, options: { mcast_igmp_version: knowsSources ? 3 : 2, mcast_mld_version: knowsSources ? 2 : 1 } });
    const on = { on: vmbr0 };
    return {
      vmbr0, server: t.guest('server', on), sam: t.guest('sam', on), amy: t.guest('amy', on), other: t.guest('other', on),
      core: t.querier('core', { on: vmbr0, version: family === 4 ? 'IGMPv3' : 'MLDv2' }),
    };
  }, { ipv6: family === 6 }),
  // What they ask and hear themselves their sockets tell.
  captures: ({ vmbr0, sam, amy }) => [sam, amy].map((hearer) => ({ ...portOf(vmbr0, hearer), only: 'not port 4321' })),

  async story({ vmbr0, server, sam, amy, other, core }, { variant: v, expect, capture, now, passes, until, bounds, ssmpings, ssmpingd, random }) {
    const group = GROUP[v.family], source = server.address(v.family);
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    const response = bounds.timer('query response interval', core.spec.responseInterval).max;
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    await until(core.starts(), response);
    if (v.daemon === 'ours') ssmpingd(server);
    else await server.runs('ssmpingd');
    // Debian's does not say when it listens.
    await passes(s(2));

    const joined = now('sam and amy began');
    const asks = { family: v.family, every: s(2) };
    const ours = v.clients === 'debian' ? [] : [ssmpings(sam, server, v.samNamesIt ? asks : { ...asks, group }), ssmpings(amy, server, { ...asks, group })];
    const theirs: Program[] = v.clients === 'ours' ? [] : [await sam.runs('ssmping', ['-I', 'eth0', source]), await amy.runs('asmping', ['-I', 'eth0', group, source])];
    await passes(REPORTED);
    const [samsPort, amysPort] = [capture(portOf(vmbr0, sam)), capture(portOf(vmbr0, amy))];
    const noise = other.sends(group, { every: s(1), to: [] });
    const settled = now('everybody had joined');
    const length = s(40);
    /** One a second, give or take the edges of the window. */
    const inWindow = { atLeast: length.ns / 1e9 - 1, atMost: length.ns / 1e9 + 1 };
    await Promise.all([
      ...(v.samNamesIt ? [expect(samsPort).sees(frame.groupRecord('allow', group, [source]), since(joined, REPORTED))] : []),
      expect(amysPort).sees(frame.groupRecord('to-exclude', group, []), since(joined, REPORTED)),
      ...(v.knowsSources ? [expect(vmbr0.filterMode(group, amy)).stays('exclude', since(settled, length))] : []),
      ...(v.knowsSources && v.samNamesIt ? [
        expect(vmbr0.filterMode(group, sam)).stays('include', since(settled, length)),
        expect(vmbr0.mdbEntry(group, sam, { source })).stays('present', since(settled, length)),
      ] : []),
      expect(noise).at(samsPort).neverArrives(since(settled, length)),
      expect(noise).at(amysPort).continues(since(settled, length)),
      ...ours.flatMap((ping) => [expect(ping.unicast).continues(since(settled, length)), expect(ping.multicast).continues(since(settled, length))]),
      ...theirs.flatMap((ping) => [/^ {2}unicast from .* dist=0 time=\d/, /^multicast from .* dist=0 time=\d/].map((line) => expect(ping).says(line, since(settled, length), inWindow))),
    ]);

    noise.stop();
    await until(core.fallsSilent(), response);
    const silent = now('core was silent');
    const ends = [sam, amy].map((hearer) => within(vmbr0.lastReport(group, hearer), membership));
    await Promise.all(ours.flatMap((ping, at) => {
      const window = ends[at] as (typeof ends)[number];
      return [expect(ping.multicast).stops(window, { watch: s(30) }), expect(ping.unicast).continues(since(silent, s(300)))];
    }));
    // Theirs tell what they hear, and when.
    const over = ends.reduce((late, window) => (window.anchor.ns > late.ns ? window.anchor : late), silent);
    await until(over, plus(membership.max, s(2)));
    const deaf = now('both were deaf');
    await Promise.all(theirs.map((ping) => expect(ping).neverSays(/^multicast from/, since(deaf, s(30)))));
    await Promise.all(theirs.map((ping) => expect(ping).says(/^ {2}unicast from/, since(deaf, s(25)), { atLeast: 20 })));

    const asked = core.starts();
    const back = since(asked, plus(response, REPORTED), 'a host answers at random within the response interval');
    await Promise.all([
      ...ours.map((ping) => expect(ping.multicast).resumes(back, { watch: s(30) })),
      ...theirs.map((ping) => expect(ping).says(/^multicast from/, between(asked, { ns: asked.ns + plus(response, s(60)).ns, what: 'a minute later' }), { atLeast: 55 })),
    ]);
    for (const ping of ours) ping.stop();
    for (const ping of theirs) {
      const end = await ping.stops('SIGINT');
      if (end.status !== 0) throw new Error(`${ping.what} ended with status ${String(end.status)}`);
    }
    await passes(ms(100));
  },
});

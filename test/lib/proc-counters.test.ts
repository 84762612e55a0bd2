import t from 'tap';
import { readCounters, readCounters6, readMemberships } from '../../lib/proc-counters.ts';

t.test('counters by name, whatever order a kernel has them in', (t) => {
  const snmp = 'Ip: Forwarding DefaultTTL InReceives InDelivers Odd\nIp: 2 64 42541 12 7\nIcmp: InMsgs InEchos OutEchoReps\nIcmp: 3 2 0\nUdp: InDatagrams NoPorts\nUdp: 5 0\n';
  const netstat = 'TcpExt: SyncookiesSent IPReversePathFilter\nTcpExt: 0 9\nIpExt: InNoRoutes InMcastPkts\nIpExt: 0 4\n';
  t.same(readCounters(snmp, netstat), { 'Ip.InReceives': 42541, 'Ip.InDelivers': 12, 'Icmp.InEchos': 2, 'Udp.InDatagrams': 5, 'TcpExt.IPReversePathFilter': 9, 'IpExt.InMcastPkts': 4 });
  t.same(readCounters('', 'nonsense'), {});
  t.same(readCounters6('Ip6InReceives 7\nIp6InDelivers\t3\nIp6OutRequests 1\n'), { Ip6InReceives: 7, Ip6InDelivers: 3 });
  t.end();
});

t.test('memberships by device', (t) => {
  const igmp = `Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter
1\tlo        :     1      V3
\t\t\t\t010000E0     1 0:00000000\t\t0
11\teth0      :     2      V3
\t\t\t\t0505C0EF     1 0:00000000\t\t0
\t\t\t\t010000E0     1 0:00000000\t\t0
`;
  const igmp6 = '1    lo              ff020000000000000000000000000001     1 0000000C 0\n11   eth0            ff150000000000000000000000050005     1 00000004 0\n';
  t.same(readMemberships(igmp, igmp6), { eth0: ['239.192.5.5', '224.0.0.1', 'ff15::5:5'] });
  t.same(readMemberships('', ''), {});
  t.end();
});

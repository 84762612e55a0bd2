/**
 * RHEL's ifcfg files, as network-scripts read them (initscripts: network-scripts/ifup-eth, /usr/share/doc/initscripts/
 * sysconfig.txt): DELAY and AGEING in seconds, BRIDGING_OPTS word by word into the bridge's folder of sysfs; in a member's
 * file (BRIDGE=) into the port's.
 */
import { CARRIAGE_RETURNS, CARRIAGE_RETURNS_FIX, readAssignments } from './shell.ts';
import { baseName, type FileText, linesOf, type Place, Reading } from './types.ts';
import { meant, take, takeSysfs, yesNo } from './values.ts';

/** What is known and says nothing of a bridge's options. */
const KNOWN = new Set([
  'DEVICE', 'NAME', 'TYPE', 'UUID', 'ONBOOT', 'BOOTPROTO', 'USERCTL', 'NM_CONTROLLED', 'HOTPLUG', 'HWADDR', 'MACADDR', 'MTU', 'IPADDR', 'NETMASK', 'PREFIX', 'GATEWAY', 'NETWORK', 'BROADCAST', 'GATEWAYDEV', 'DEFROUTE',
  'PEERDNS', 'PEERROUTES', 'DOMAIN', 'SEARCH', 'ARP', 'ARPCHECK', 'ARPUPDATE', 'METRIC', 'SCOPE', 'SRCADDR', 'ZONE', 'LINKDELAY', 'ETHTOOL_OPTS', 'ETHTOOL_DELAY', 'SUBCHANNELS', 'NETTYPE', 'OPTIONS', 'VLAN', 'PHYSDEV', 'VLAN_ID',
  'REORDER_HDR', 'MASTER', 'SLAVE', 'BONDING_OPTS', 'BONDING_MASTER', 'BRIDGE', 'BRIDGE_UUID', 'MASTER_UUID', 'STP', 'DELAY', 'PRIO', 'AGEING', 'BRIDGING_OPTS', 'PROXY_METHOD', 'BROWSER_ONLY', 'AUTOCONNECT_SLAVES',
  'AUTOCONNECT_PRIORITY', 'AUTOCONNECT_RETRIES', 'IPV4_FAILURE_FATAL', 'IPV4_ROUTE_METRIC', 'NOZEROCONF', 'PERSISTENT_DHCLIENT', 'DHCP_HOSTNAME', 'DHCP_CLIENT_ID', 'DHCPV6C', 'DHCPV6C_OPTIONS', 'ACD_TIMEOUT', 'MULTI_CONNECT', 'DEVTIMEOUT',
  'BRIDGE_MACADDR', 'RES_OPTIONS', 'CONNECTION_METERED', 'MII_NOT_SUPPORTED', 'ISALIAS', 'TEAM_MASTER', 'DEVICETYPE', 'OWNER', 'KEY', 'GENERIC_OPTIONS',
]);
const FAMILY = /^(IPADDR|PREFIX|NETMASK|GATEWAY|DNS|BROADCAST|NETWORK|ARPUPDATE|ADDRESS)\d*$|^IPV6[A-Z0-9_]*$|^IPV4_[A-Z0-9_]*$/;
/** Of the NetworkManager plugin; not carried over. */
const VLANS = new Set(['BRIDGE_VLANS', 'BRIDGE_PORT_VLANS']);

const TIMES_HINT = 'network-scripts write it to sysfs, which counts hundredths of a second (NetworkManager reads seconds here)';

export function readIfcfg(file: FileText): Reading {
  const reading = new Reading();
  const lines = linesOf(file.text);
  const place = (line: number): Place => ({ file: file.path, line, text: lines[line - 1] ?? '' });
  if (file.text.includes('\r')) {
    reading.problem(place(1), CARRIAGE_RETURNS, CARRIAGE_RETURNS_FIX);
    return reading;
  }
  const assigns = readAssignments(file.text, (line, what) => { reading.problem(place(line), what, 'write NAME=value'); });
  // The file is sourced: the last assignment counts.
  const last = (name: string): { value: string; line: number } | undefined => assigns.findLast((a) => a.name === name);
  const device = last('DEVICE')?.value ?? /^ifcfg-(.+)$/.exec(baseName(file.path))?.[1] ?? last('NAME')?.value ?? '';
  const type = last('TYPE');
  for (const { name, line } of assigns) {
    if (VLANS.has(name)) reading.problem(place(line), `${name} is not carried over`, 'draw VLANs in the topology');
    else if (!KNOWN.has(name) && !FAMILY.test(name)) reading.problem(place(line), `${name} is no variable of ifcfg files that is known here`, meant(name, KNOWN));
  }
  const words = last('BRIDGING_OPTS');
  const bridge = last('BRIDGE');
  if (type?.value === 'Bridge') {
    if (device === '') { reading.problem(place(type.line), 'the file does not say which device the bridge is', 'write DEVICE='); return reading; }
    const target = { bridge: device };
    reading.bridge(device);
    for (const [name, option] of [['DELAY', 'forward_delay'], ['AGEING', 'ageing_time'], ['PRIO', 'priority']] as const) {
      const found = last(name);
      if (found && found.value !== '') take(reading, place(found.line), target, option, found.value, 'seconds', name);
    }
    const stp = last('STP');
    if (stp && stp.value !== '') {
      const on = yesNo(stp.value);
      if (on === undefined) reading.problem(place(stp.line), `STP: "${stp.value}" is neither on nor off, so network-scripts leave it`, 'write yes or no');
      else reading.set(place(stp.line), target, 'stp_state', on);
    }
  } else if (type && type.value.toLowerCase() === 'bridge') {
    reading.problem(place(type.line), `TYPE is "${type.value}": network-scripts compare it with "Bridge", letter by letter`, 'write TYPE=Bridge');
    return reading;
  } else if (bridge) {
    // A member: its options are those of its port.
    reading.bridge(bridge.value);
  } else if (words || last('DELAY') || last('STP')) {
    const at = words ?? last('DELAY') ?? last('STP') ?? { line: 1 };
    reading.problem(place(at.line), 'an option of a bridge in a file that is neither a bridge\'s nor a member\'s', 'write TYPE=Bridge, or BRIDGE= in a member');
    return reading;
  }
  if (!words || (type?.value !== 'Bridge' && !bridge)) return reading;
  const target = type?.value === 'Bridge' ? { bridge: device } : { bridge: bridge?.value ?? '', port: device };
  for (const word of words.value.split(/\s+/).filter((w) => w !== '')) {
    const equals = word.indexOf('=');
    if (equals < 1) { reading.problem(place(words.line), `BRIDGING_OPTS: "${word}" is not NAME=VALUE`, 'separate options by blanks, with no blank around ='); continue; }
    if (/[,;]/.test(word)) { reading.problem(place(words.line), `BRIDGING_OPTS: "${word}" has a comma: options are separated by blanks`, 'write a blank'); continue; }
    const name = word.slice(0, equals);
    takeSysfs(reading, place(words.line), target, name, word.slice(word.lastIndexOf('=') + 1), () => (['hello_time', 'max_age'].includes(name) ? TIMES_HINT : undefined));
  }
  return reading;
}

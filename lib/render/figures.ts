/** Numbers as a network engineer writes them: a figure's unit is the end of its name, as lib/record.ts says. */

/** At most three decimals (the millisecond of a second), none that say nothing. */
export function num(value: number): string {
  if (!Number.isFinite(value)) return value === Infinity ? '∞' : value === -Infinity ? '−∞' : 'unknown';
  const rounded = Number(value.toFixed(3));
  if (rounded === 0 && value !== 0) return String(Number(value.toPrecision(2)));
  return String(rounded);
}

/** Protocol time stays in seconds, so that it can be held against a timer: "900 s". */
export function protocolTime(seconds: number): string {
  return `${num(Math.abs(seconds) >= 100 ? Number(seconds.toFixed(1)) : seconds)} s`;
}

/** Wall time for people: "0.42 s", "12.3 s", "3 min 05 s", "2 h 04 min". */
export function wallTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  if (seconds < 9.995) return `${Number(seconds.toFixed(2))} s`;
  if (seconds < 119.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, '0');
  if (whole < 7200) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** How much faster than the wall clock the story ran: "×73"; empty while there is nothing to divide. */
export function ratio(protocolS: number, wallS: number): string {
  if (!(wallS > 0) || !(protocolS > 0)) return '';
  const times = protocolS / wallS;
  return `×${times >= 10 ? Math.round(times) : Number(times.toFixed(1))}`;
}

const units: Record<string, string> = { S: 's', Ms: 'ms', Us: 'µs', Ns: 'ns', Hz: 'Hz', Percent: '%' };

export interface Figure {
  /** "outage". May be empty: `framesPerS` is all unit. */
  label: string;
  /** "261.2". */
  value: string;
  /** "s", "bits/s"; empty for a bare number. */
  unit: string;
}

/** `outageS` → outage, s; `floodBitsPerS` → flood, bits/s; `lostDatagrams` → lost datagrams. */
export function figure(name: string, value: number): Figure {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+/g) ?? [name];
  const lower = (parts: string[]) => parts.map((word) => (/^[A-Z]{2}/.test(word) ? word : word.toLowerCase())).join(' ');
  const [last, before] = [words.at(-1) ?? '', words.at(-2)];
  if (before === 'Per' && units[last] !== undefined && words.length >= 3) {
    return { label: lower(words.slice(0, -3)), value: num(value), unit: `${lower(words.slice(-3, -2))}/${units[last]}` };
  }
  const unit = words.length > 1 ? units[last] : undefined;
  if (unit !== undefined) return { label: lower(words.slice(0, -1)), value: num(value), unit };
  return { label: lower(words), value: num(value), unit: '' };
}

/**
 * "261.2 s outage", "12 lost datagrams": the number first, because a narrow column cuts the end. "stopped after 261.2 s"
 * is a phrase that wants its number last.
 */
export function figureText(name: string, value: number): string {
  const { label, value: number, unit } = figure(name, value);
  if (label.endsWith(' after')) return `${label} ${number} ${unit}`.trim();
  return [number, unit, label].filter((part) => part !== '').join(' ');
}

/** Of the members that keep their reports back when they hear another's: who answered a query, and who was kept back. */
import { frame, type Capture, type Duration, type Guest, type Moment } from '../../harness/scenario.ts';

export interface Answers {
  /** The first report, and whoever's left before the first could be heard. */
  first: Guest;
  answered: Guest[];
  keptBack: Guest[];
}

/** `portOfGuest`: where each guest's own reports are captured. A report within `tick` of the first was on its way already. */
export function whoAnswered(guests: readonly Guest[], group: string, asked: Moment, tick: Duration, portOfGuest: (guest: Guest) => Capture): Answers {
  const answers = guests.flatMap((guest) => {
    const at = portOfGuest(guest).first(frame.report(group, guest), asked);
    return at ? [{ guest, ns: at.ns }] : [];
  }).sort((a, b) => a.ns - b.ns);
  const [first] = answers;
  if (!first) throw new Error(`nobody of ${guests.map((g) => g.name).join(', ')} reported ${group} after ${asked.what}`);
  const answered = answers.filter((a) => a.ns <= first.ns + tick.ns).map((a) => a.guest);
  return { first: first.guest, answered, keptBack: guests.filter((guest) => !answered.includes(guest)) };
}

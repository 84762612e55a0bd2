/** How an exchange went, in bounded memory: what came first and last, when, and the gaps between. */
export interface Gap {
  /** Numbers of the first and the last that did not come. */
  readonly from: number;
  readonly to: number;
}
export interface CastCourse {
  received: number;
  /** Sequence numbers; 0 before any came. */
  first: number;
  last: number;
  firstMs: number;
  lastMs: number;
  /** The gaps that later arrivals closed, at most GAPS of them, and how many were lost in all. */
  readonly gaps: Gap[];
  lost: number;
}

const GAPS = 100;

const blank = (): CastCourse => ({ received: 0, first: 0, last: 0, firstMs: 0, lastMs: 0, gaps: [], lost: 0 });

export class Course {
  /** Number of the newest request, and when it and the first one left. */
  sent = 0;
  firstSentMs = 0;
  lastSentMs = 0;
  readonly unicast = blank();
  readonly multicast = blank();

  sends(sequence: number, nowMs: number): void {
    if (this.sent === 0) this.firstSentMs = nowMs;
    this.sent = sequence;
    this.lastSentMs = nowMs;
  }

  /** No duplicates. */
  arrives(cast: 'unicast' | 'multicast', sequence: number, nowMs: number): void {
    const course = this[cast];
    if (course.received++ === 0) Object.assign(course, { first: sequence, firstMs: nowMs });
    if (sequence <= course.last) { course.lost = Math.max(0, course.lost - 1); return; }
    const missing = course.last === 0 ? 0 : sequence - course.last - 1;
    if (missing > 0) {
      course.lost += missing;
      if (course.gaps.length < GAPS) course.gaps.push({ from: course.last + 1, to: sequence - 1 });
    }
    course.last = sequence;
    course.lastMs = nowMs;
  }
}

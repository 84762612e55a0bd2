import t from 'tap';
import { storyComments } from '../../lib/story-comments.ts';

t.test('each event stands at the frame nearest to it', (t) => {
  const s = 1e9;
  const comments = storyComments(
    [1 * s, 2 * s, 10 * s],
    [
      { ns: 9 * s, text: 'link cut' },
      { ns: 0, text: 'bob joins' },
      { ns: 2 * s, text: 'first lost' },
      { ns: 6 * s, text: 'as near to both' },
      { ns: 50 * s, text: 'the end' },
    ],
  );
  t.same(
    [...comments],
    [
      [0, ['bob joins (story 0.000000 s, 1.000000 s before this frame)']],
      [
        1,
        [
          'first lost (story 2.000000 s, with this frame)',
          'as near to both (story 6.000000 s, 4.000000 s after this frame)',
        ],
      ],
      [
        2,
        [
          'link cut (story 9.000000 s, 1.000000 s before this frame)',
          'the end (story 50.000000 s, 40.000000 s after this frame)',
        ],
      ],
    ],
  );
  t.equal(storyComments([], [{ ns: 1, text: 'nobody to tell' }]).size, 0);
  t.end();
});

import type { Random } from '../../tensor/runtime';
import { IGNORED } from '../../train';
import {
  type Case,
  drawMatrix,
  type Exercise,
  inTurn,
  list,
  type Part,
  type Suspects,
  valueCase,
} from '../judge';
import type { Turn } from './turn';

const ROLES = ['system', 'user', 'assistant', 'tool'];

/** Chats: who speaks, and how many tokens. */
const CHATS: [role: string, tokens: number][][] = [
  [
    ['system', 4],
    ['user', 3],
    ['assistant', 5],
    ['user', 2],
    ['assistant', 3],
  ],
  [
    ['system', 2],
    ['user', 4],
    ['assistant', 3],
    ['tool', 3],
    ['assistant', 6],
    ['user', 5],
    ['assistant', 2],
  ],
  [
    ['user', 2],
    ['assistant', 4],
    ['user', 1],
    ['assistant', 1],
    ['user', 3], // nobody answers it
  ],
];

const labelsPart: Part = {
  name: 'labelsOf',
  signature: 'function labelsOf(turns: Turn[]): number[]',
  cases: (random) => inTurn(CHATS, (chat) => labelsCase(random, chat)),
};

async function labelsCase(random: Random, chat: (typeof CHATS)[number]): Promise<Case> {
  const turns: Turn[] = [];
  for (const [i, [role, tokens]] of chat.entries()) {
    const { values } = await drawMatrix(random, 1, tokens);
    const content = values.map((value) => 100 + Math.floor(200 * Math.abs(value)));
    const header = [1, 10 + ROLES.indexOf(role), 20];
    turns.push({ role, header: i > 0 ? [30, ...header] : header, content, end: [2] });
  }
  const flat = valueCase({
    args: { 'turns of': chat.map(([role]) => role) }, // their ids would be a long line
    expected: list(label(turns, ({ role }) => (role === 'assistant' ? SAID : []))),
    suspects: { ...turnSuspects(turns), ...tokenSuspects(turns), ...valueSuspects(turns) },
  });
  return { input: flat.input, examine: (answer) => flat.examine(() => answer(turns)) };
}

type Place = 'header' | 'content' | 'end';

const ALL: Place[] = ['header', 'content', 'end'];
const SAID: Place[] = ['content', 'end'];

/** Labels what is learned of each turn, with numbers of another answer where given. */
function label(
  turns: Turn[],
  learned: (turn: Turn, index: number) => Place[],
  { is, isNot = IGNORED }: { is?: number; isNot?: number } = {},
): number[] {
  return turns.flatMap((turn, index) =>
    ALL.flatMap((place) =>
      turn[place].map((id) => (learned(turn, index).includes(place) ? (is ?? id) : isNot)),
    ),
  );
}

/** Other turns are learned. */
function turnSuspects(turns: Turn[]): Suspects {
  const roles = turns.map(({ role }) => role);
  const [first, last] = [roles.indexOf('assistant'), roles.lastIndexOf('assistant')];
  const at = (is: (role: string, index: number) => boolean, places = SAID) =>
    list(label(turns, ({ role }, index) => (is(role, index) ? places : [])));
  const also = (other: string) => [
    at((role) => role === 'assistant' || role === other),
    at((role) => role === 'assistant' || role === other, ALL),
  ];
  return {
    'only the last answer is learned: every assistant turn is': [
      at((_, index) => index === last),
      at((_, index) => index === last, ALL),
    ],
    'only the first answer is learned: every assistant turn is': [
      at((_, index) => index === first),
      at((_, index) => index === first, ALL),
    ],
    "the user's turns are learned too: the model would learn to ask": also('user'),
    'the system turn is learned too: only assistant turns are': also('system'),
    'everything is learned: only what the assistant says and its end are': [
      at(() => true),
      at(() => true, ALL),
      at(() => true, ['content']),
    ],
    'upside down: the assistant is ignored, and the others are learned': [
      at((role) => role !== 'assistant'),
      at((role) => role !== 'assistant', ALL),
      list(label(turns, ({ role }) => (role === 'assistant' ? ['header'] : ALL))),
    ],
    "the user's turns are learned in place of the assistant's": [
      at((role) => role === 'user'),
      at((role) => role === 'user', ALL),
    ],
    'nothing is learned: is a role misspelt?': at(() => false),
  };
}

/** Other tokens of the right turns are learned. */
function tokenSuspects(turns: Turn[]): Suspects {
  const answers = (...places: Place[]) =>
    list(label(turns, ({ role }) => (role === 'assistant' ? places : [])));
  return {
    'the header is learned too: the runtime writes it, not the model': answers(...ALL),
    'the end is left out: the model would not learn to stop': answers('content'),
    'the end is left out, and the header is learned: it is the other way round': answers(
      'header',
      'content',
    ),
    'only the end is learned: what the assistant says is, too': answers('end'),
    'the end of every turn is learned: only that of an assistant turn is': list(
      label(turns, ({ role }) => (role === 'assistant' ? SAID : ['end'])),
    ),
  };
}

/** The right tokens are learned, but their labels are others. */
function valueSuspects(turns: Turn[]): Suspects {
  const learned = ({ role }: Turn) => (role === 'assistant' ? SAID : []);
  const right = label(turns, learned);
  const kept = (places: Place[]) =>
    list(
      turns.flatMap((turn) =>
        places.flatMap((place) =>
          turn[place].map((id) => (learned(turn).includes(place) ? id : IGNORED)),
        ),
      ),
    );
  return {
    'shifted by one: a label stands at its own token, the library shifts': [
      list([...right.slice(1), IGNORED]),
      list([IGNORED, ...right.slice(0, -1)]),
      list(right.slice(1)),
    ],
    'flags in place of labels: a label is the id of its token': [
      list(label(turns, learned, { is: 1, isNot: 0 })),
      list(label(turns, learned, { is: 0, isNot: 1 })),
      list(label(turns, learned, { is: 1 })),
    ],
    '0 where nothing is learned: write IGNORED, 0 is a token': list(
      label(turns, learned, { isNot: 0 }),
    ),
    "-100 is PyTorch's value: write IGNORED": list(label(turns, learned, { isNot: -100 })),
    'the headers are missing in the list: each of their tokens has a label, IGNORED': kept(SAID),
    'the ends are missing in the list: each of them has a label': kept(['header', 'content']),
    'headers and ends are missing in the list: each token has a label': kept(['content']),
    'only what is learned is in the list: every other token has a label, IGNORED': list(
      right.filter((id) => id !== IGNORED),
    ),
  };
}

/** Exercise 1: the labels of a chat. */
export const labels: Exercise = {
  id: 'labels',
  title: 'Exercise 1: which tokens are learned',
  parts: [labelsPart],
  hints: [
    'One label for each token of the chat, in order: the header of a turn, its content, its end; then the next turn. What does the model write itself, and what is written for it?',
    'Of every assistant turn, content and end are learned: their labels are their ids. All else is IGNORED, the header of an assistant turn too.',
    'turns.flatMap((turn) => [...]) joins the labels of all turns. turn.header.map(() => IGNORED) ignores a header, token by token.',
    "In flatMap: const said = [...turn.content, ...turn.end]; return [...turn.header.map(() => IGNORED), ...(turn.role === 'assistant' ? said : said.map(() => IGNORED))].",
  ],
};

import { ArgumentError } from '../../tensor/errors';
import { element, GRID_COLOR, styleOf, TEXT_COLOR, textLines } from '../plot';
import { CENTRED, type Picture, titledPicture } from './picture';

export interface ModelPictureOptions {
  /** number of blocks */
  layers: number;
  /** size of a token's vector */
  width: number;
  /** number of tokens that it knows */
  vocabulary: number;
  /** names of the matrices that get an adapter: c_attn, c_proj, c_fc */
  adapted: readonly string[];
  /** rank of the adapters */
  r: number;
}

/** Side of a square matrix of the model's width, in px. */
const SIDE = 28;
/** Thickness of A and B, and their distance from the weight. */
const THIN = 6;
const GAP = 3;
/** The line along which a token's vector goes through the model. */
const MIDDLE = 150;
const HEIGHT = 310;
const NAMES = 258;
const FRAME = { x: 112, y: 56, width: 496, height: 240 };

/** The matrices of a block, each d x k in widths of the model, centred at x. */
const MATRICES = [
  { name: 'c_attn', x: 172, d: 3, k: 1 },
  { name: 'c_proj', x: 298, d: 1, k: 1 },
  { name: 'c_fc', x: 404, d: 4, k: 1 },
  { name: 'c_proj', x: 536, d: 1, k: 4 },
];

/**
 * Draws a GPT-2 of this size: embeddings, one block for all, its four matrices to scale, and thin
 * matrices A and B at those that have an adapter.
 * @throws ArgumentError if a name is none of the matrices
 */
export function modelPicture(options: ModelPictureOptions): Picture {
  const { layers, width, vocabulary, adapted, r } = options;
  const names = [...new Set(MATRICES.map(({ name }) => name))];
  const odd = adapted.find((name) => !names.includes(name));
  if (odd !== undefined) {
    throw new ArgumentError(
      `modelPicture: adapted must be of ${names.join(', ')}, got '${odd}'. Name matrices of GPT-2.`,
    );
  }
  const list = adapted.length > 0 ? adapted.join(', ') : 'nothing';
  const title = `A GPT-2 of ${layers} blocks of width ${width}: adapters of rank ${r} on ${list}`;
  const shapes = MATRICES.map(({ name, d, k }) => `${name} [${d * width}, ${k * width}]`);
  const summary =
    `${title}. Tokens become vectors by embeddings [${vocabulary}, ${width}]. Each block has a norm, ` +
    `${shapes[0]}, attention, ${shapes[1]}, then a norm, ${shapes[2]}, GELU, ${shapes[3]}; ` +
    'the input of each half is added to its output. A last norm and the embeddings again give the next token.';
  const matrices = MATRICES.map((matrix) =>
    drawMatrix(matrix, width, adapted.includes(matrix.name)),
  );
  const body = [drawPath(), drawFrame(layers), drawEnds(vocabulary), ...matrices, drawSteps()];
  return titledPicture({ title, summary }, HEIGHT, ...body);
}

/** The way of a token's vector, and the two ways around the halves of the block. */
function drawPath(): string {
  const around = (from: number, to: number) =>
    `M${from},${MIDDLE}V${MIDDLE - 68}H${to}V${MIDDLE - 8}`;
  const d = `M60,${MIDDLE}H668${around(120, 340)}${around(352, 596)}`;
  return element('path', { d, fill: 'none', stroke: TEXT_COLOR });
}

function drawFrame(layers: number): string {
  const frame = { ...FRAME, rx: 8, fill: 'none', stroke: TEXT_COLOR, 'stroke-dasharray': '4 4' };
  const label = textLines([`${layers} such blocks, one after another`], FRAME.x + 10, FRAME.y - 6);
  return element('rect', frame) + label;
}

/** Embeddings at the left, the next token at the right. */
function drawEnds(vocabulary: number): string {
  const table = { x: 40, y: MIDDLE - 55, width: SIDE, height: 110, ...WEIGHT };
  const words = [
    textLines(['embeddings', `${vocabulary.toLocaleString('en-US')} tokens`], 56, NAMES, CENTRED),
    textLines(['next', 'token'], 690, MIDDLE - 3, CENTRED),
  ];
  return element('rect', table) + words.join('');
}

const WEIGHT = { fill: GRID_COLOR, stroke: TEXT_COLOR };

function drawMatrix(
  { name, x, d, k }: (typeof MATRICES)[number],
  width: number,
  isAdapted: boolean,
): string {
  const [w, h] = [SIDE * k, SIDE * d];
  const [left, top] = [x - w / 2, MIDDLE - h / 2];
  const { color } = styleOf(1);
  const thin = (place: object) => element('rect', { ...place, fill: color });
  const adapter = isAdapted
    ? [
        thin({ x: left + w + GAP, y: top, width: THIN, height: h }),
        thin({ x: left, y: top + h + GAP, width: w, height: THIN }),
        textLines(['B'], left + w + GAP + THIN + 3, top + 10, { fill: color }),
        textLines(['A'], left - 12, top + h + GAP + THIN + 2, { fill: color }),
      ]
    : [];
  const shape = `[${d * width}, ${k * width}]`;
  return (
    element('rect', { x: left, y: top, width: w, height: h, ...WEIGHT }) +
    adapter.join('') +
    textLines([name, shape], x, NAMES, CENTRED)
  );
}

/** What has no matrix: norms, attention, GELU, and the two sums. */
function drawSteps(): string {
  const step = (x: number, text: string) =>
    textLines([text], x, MIDDLE - 6, { ...CENTRED, 'font-size': 11 });
  const sum = (x: number) =>
    element('circle', { cx: x, cy: MIDDLE, r: 8, fill: 'none', stroke: TEXT_COLOR }) +
    element('path', {
      d: `M${x - 8},${MIDDLE}H${x + 8}M${x},${MIDDLE - 8}V${MIDDLE + 8}`,
      stroke: TEXT_COLOR,
    });
  return [
    step(138, 'norm'),
    step(240, 'attention'),
    sum(340),
    step(369, 'norm'),
    step(451, 'GELU'),
    sum(596),
    step(640, 'norm'),
  ].join('');
}

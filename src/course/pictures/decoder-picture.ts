import { element, GRID_COLOR, styleOf, TEXT_COLOR, textLines } from '../plot';
import { CENTRED, type Picture, titledPicture } from './picture';

/** A step of both models: GPT-2's and Llama's, from the tokens to the next one. */
interface Step {
  gpt2: string;
  llama: string;
  /** true if it is repeated in every block */
  inBlock?: boolean;
}

const STEPS: readonly Step[] = [
  { gpt2: 'token vector + position vector', llama: 'token vector' },
  { gpt2: 'LayerNorm', llama: 'RMSNorm', inBlock: true },
  {
    gpt2: 'q, k, v of each head (c_attn)',
    llama: 'q of each head, k and v of fewer',
    inBlock: true,
  },
  { gpt2: 'q and k as they are', llama: 'q and k rotated by position', inBlock: true },
  { gpt2: 'attention, output, + input', llama: 'attention, output, + input', inBlock: true },
  { gpt2: 'LayerNorm', llama: 'RMSNorm', inBlock: true },
  { gpt2: 'MLP: c_fc, GELU, c_proj', llama: 'MLP: gate, up, SiLU, down', inBlock: true },
  { gpt2: '+ input', llama: '+ input', inBlock: true },
  { gpt2: 'LayerNorm', llama: 'RMSNorm' },
  { gpt2: 'next token by the token vectors', llama: 'next token by the token vectors' },
];

const COLUMNS = { gpt2: 190, llama: 530 };
const BOX = { width: 284, height: 28 };
const TOP = 76;
const STEP = 38;
/** Between the text of a box and its top. */
const BASELINE = 19;

/** Draws GPT-2 and Llama side by side, step by step, with the steps that differ marked. */
export function decoderPicture(): Picture {
  const different = STEPS.filter(({ gpt2, llama }) => gpt2 !== llama);
  const title = 'GPT-2 and Llama differ in four things: positions, norms, heads and the MLP';
  const told = different.map(({ gpt2, llama }) => `${gpt2} becomes ${llama}`);
  const summary = `${title}. ${[...new Set(told)].join('; ')}.`;
  const names = [
    textLines(['GPT-2'], COLUMNS.gpt2, 60, { ...CENTRED, 'font-weight': 'bold' }),
    textLines(['Llama, and most models of today'], COLUMNS.llama, 60, {
      ...CENTRED,
      'font-weight': 'bold',
    }),
  ];
  const rows = STEPS.map((step, i) => drawStep(step, TOP + i * STEP));
  return titledPicture(
    { title, summary },
    TOP + STEPS.length * STEP + 6,
    ...names,
    drawFrame(COLUMNS.gpt2),
    drawFrame(COLUMNS.llama),
    ...rows,
  );
}

function drawStep({ gpt2, llama }: Step, top: number): string {
  const isSame = gpt2 === llama;
  const mark = isSame ? '' : textLines(['≠'], 360, top + BASELINE, { ...CENTRED, 'font-size': 18 });
  return drawBox(gpt2, COLUMNS.gpt2, top, true) + mark + drawBox(llama, COLUMNS.llama, top, isSame);
}

function drawBox(text: string, middle: number, top: number, isUsual: boolean): string {
  const place = { x: middle - BOX.width / 2, y: top, ...BOX, rx: 5 };
  const look = isUsual
    ? { fill: GRID_COLOR, stroke: TEXT_COLOR, 'stroke-width': 1 }
    : { fill: 'none', stroke: styleOf(1).color, 'stroke-width': 2.5 };
  return (
    element('rect', { ...place, ...look }) + textLines([text], middle, top + BASELINE, CENTRED)
  );
}

/** The steps of a block, which is there several times. */
function drawFrame(middle: number): string {
  const first = STEPS.findIndex(({ inBlock }) => inBlock);
  const count = STEPS.filter(({ inBlock }) => inBlock).length;
  const place = { x: middle - BOX.width / 2 - 8, y: TOP + first * STEP - 5, width: BOX.width + 16 };
  const look = { fill: 'none', stroke: TEXT_COLOR, 'stroke-dasharray': '4 4', rx: 8 };
  return element('rect', { ...place, height: count * STEP, ...look });
}

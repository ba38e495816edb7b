import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareMeans } from '../../src/course/measure';
import { pages, root } from './pages';

type Row = Record<string, unknown>;

const rows = (name: string) =>
  JSON.parse(readFileSync(join(root, 'data/results', `${name}.json`), 'utf8')) as Row[];

/** Sentences that compare, outside the tables, and the rows that their numbers come from. */
const CLAIMS: { page: string; sentence: RegExp; numbers: () => string[] }[] = [
  {
    page: 'docs/results.md',
    sentence:
      /The team solves more than the solver alone with as many tokens, by ([\d.]+) to ([\d.]+) points/,
    numbers: () => {
      const [row] = rows('agents').filter(({ minus }) => minus === 'solver, vote, equal tokens');
      return [row?.low, row?.high].map((share) => (100 * (share as number)).toFixed(1));
    },
  },
  {
    page: 'notebooks/05_lora_peft.ipynb',
    sentence:
      /(Rank 1 solves less than rank 4) after (900) steps\. From 4 to 64 (no difference is shown)\. (Full fine-tuning solves less than rank 4)/,
    numbers: () => {
      const [one, four, most] = [1, 4, 64].map((rank) =>
        rows('sweep-rank')
          .filter(({ method, r }) => method === 'lora' && r === rank)
          .map(({ exactMatch }) => exactMatch as number),
      ) as [number[], number[], number[]];
      const [low] = compareMeans(one, four).interval;
      const [from, to] = compareMeans(four, most).interval;
      const full = rows('sweep-rank').filter(({ method }) => method === 'full');
      const ofFull = full.map(({ exactMatch }) => exactMatch as number);
      return [
        low > 0 ? 'Rank 1 solves less than rank 4' : 'no difference of 1 and 4',
        [...new Set(rows('sweep-rank').map(({ steps }) => steps))].join(),
        from < 0 && to > 0 ? 'no difference is shown' : 'a difference of 4 and 64',
        compareMeans(four, ofFull).interval[1] < 0
          ? 'Full fine-tuning solves less than rank 4'
          : 'no difference of full fine-tuning',
      ];
    },
  },
  {
    page: 'notebooks/05_lora_peft.ipynb',
    sentence:
      /From \$\\alpha = 8\$ to 32, the mean loss changes by (-?[\d.]+) \((-?[\d.]+) to (-?[\d.]+)\): (no difference is shown)\. Each rate was the best of (five), by (one training) each\./,
    numbers: () => {
      const of = (name: string, alpha: number) =>
        rows(name).filter((row) => row.method === 'lora' && row.r === 8 && row.alpha === alpha);
      const [eight, sixteen, most] = [8, 16, 32].map((alpha) =>
        of('sweep-alpha', alpha).map(({ testLoss }) => testLoss as number),
      ) as [number[], number[], number[]];
      const { difference, interval } = compareMeans(eight, most);
      const pairs = [interval, ...[eight, most].map((one) => compareMeans(one, sixteen).interval)];
      const isShown = pairs.some(([low, high]) => low > 0 || high < 0);
      const isOneEach = [8, 16, 32].every((alpha) => {
        const tried = of('sweep-rates', alpha).filter(({ steps }) => steps === 900);
        const best = tried.sort((a, b) => Number(a.validationLoss) - Number(b.validationLoss))[0];
        const used = of('sweep-alpha', alpha).every(
          ({ learningRate }) => learningRate === best?.learningRate,
        );
        const rates = new Set(tried.map(({ learningRate }) => learningRate));
        return used && rates.size === 5 && tried.length === 5;
      });
      return [
        ...[difference, ...interval].map((loss) => loss.toFixed(4)),
        isShown ? 'a difference' : 'no difference is shown',
        ...(isOneEach ? ['five', 'one training'] : []),
      ];
    },
  },
  {
    page: 'notebooks/05b_finetune.ipynb',
    sentence:
      /each, ([\d.]+) gave the lowest loss .* rank 8, ([\d.]+); 0.005, the recipe's, gave ([\d.]+). With full fine-tuning it was ([\d.]+)\. .* at 0.002, (five) seeds ended at ([\d.]+) to ([\d.]+)\./,
    numbers: () => {
      const [lora, full] = [8, null].map((rank) => {
        const tried = rows('sweep-rates').filter(
          ({ method, r, alpha, steps }) =>
            r === rank &&
            steps === 900 &&
            (method === 'full' || (method === 'lora' && alpha === 32)),
        );
        const lossOf = ({ validationLoss }: Row) => Number(validationLoss ?? Infinity);
        return tried.sort((a, b) => lossOf(a) - lossOf(b));
      }) as [Row[], Row[]];
      const used = lora.find(({ learningRate }) => learningRate === 0.005);
      const found = [lora[0]?.learningRate, lora[0]?.validationLoss, used?.validationLoss];
      const losses = rows('sweep-rank')
        .filter(
          ({ method, r, learningRate }) => method === 'lora' && r === 8 && learningRate === 0.002,
        )
        .map(({ testLoss }) => testLoss as number);
      const seeds = losses.length === 5 ? 'five' : losses.length;
      const ends = [Math.min(...losses), Math.max(...losses)];
      return [...found, full[0]?.learningRate, seeds, ...ends].map(String);
    },
  },
  {
    page: 'notebooks/05c_agents.ipynb',
    sentence: /at the learning rate ([\d.]+), (five) seeds solve (\d+) to (\d+) %/,
    numbers: () => {
      const some = rows('sweep-rank').filter(({ method, r }) => method === 'lora' && r === 8);
      const shares = some.map(({ exactMatch }) => 100 * (exactMatch as number));
      const ends = [Math.min(...shares), Math.max(...shares)].map((share) => share.toFixed(0));
      return [String(some[0]?.learningRate), some.length === 5 ? 'five' : '', ...ends];
    },
  },
  {
    page: 'notebooks/05d_variants.ipynb',
    sentence:
      /a loss of ([\d.]+) with the rate 0.01, at ([\d.]+) with 0.005, and at ([\d.]+) with 0.02/,
    numbers: () =>
      [0.01, 0.005, 0.02].map((rate) => {
        const [row] = rows('sweep-rates').filter(
          ({ command, method, learningRate }) =>
            /variants/.test(String(command)) && method === 'lora' && learningRate === rate,
        );
        return (row?.validationLoss as number).toFixed(3);
      }),
  },
  {
    page: 'notebooks/05e_qlora.ipynb',
    sentence: /QLoRA takes ([\d.]+) times less than LoRA between steps, and ([\d.]+) times less/,
    numbers: () => {
      const [lora, qlora] = ['lora', 'qlora'].map((method) => {
        const [row] = rows('qlora-memory').filter(
          ({ base, method: own }) => own === method && /distil/.test(String(base)),
        );
        const bytes = (...keys: string[]) =>
          keys.reduce((sum, key) => sum + (row?.[key] as number), 0);
        const between = bytes('baseBytes', 'adapterBytes', 'optimizerBytes');
        return [between, between + bytes('stepPeakBytes')];
      }) as [number[], number[]];
      return lora.map((bytes, i) => (bytes / (qlora[i] ?? NaN)).toFixed(1));
    },
  },
  {
    page: 'notebooks/05e_qlora.ipynb',
    sentence: /rounded away, .* cost ([\d.]+) to ([\d.]+) points/,
    numbers: () => {
      const lost = rows('sweep-qlora').flatMap(({ exactMatch, requantized }) =>
        requantized ? (exactMatch as number) - Number((requantized as Row).exactMatch) : [],
      );
      const none = lost.map(() => 0);
      return compareMeans(none, lost).interval.map((share) => (100 * share).toFixed(1));
    },
  },
];

/** A page of the docs, or the text cells of a notebook. */
function textOf(page: string): string {
  if (!page.endsWith('.ipynb')) return pages().find(({ name }) => name === page)?.text ?? '';
  const { cells } = JSON.parse(readFileSync(join(root, page), 'utf8')) as {
    cells: { cell_type: string; source: string[] }[];
  };
  const texts = cells.filter(({ cell_type }) => cell_type === 'markdown');
  return texts.map(({ source }) => source.join('')).join('\n');
}

for (const { page, sentence, numbers } of CLAIMS) {
  test(`${page} says what was measured: ${sentence.source.slice(0, 40)}...`, () => {
    assert.deepEqual(sentence.exec(textOf(page))?.slice(1), numbers());
  });
}

test('no page compares without a number: every such sentence is in the list, a table or on the speed page', () => {
  const compares =
    /\b(better|worse|solves (?:more|less)|beats|wins|learns (?:faster|more slowly))\b/i;
  for (const { name, text } of pages()) {
    if (name === 'CHANGELOG.md' || name === 'docs/speed.md') continue;
    const sentences = text.replace(/^\|.*$/gm, '').split(/(?<=[.!?])\s+/);
    const bare = sentences.filter(
      (one) =>
        compares.test(one) &&
        !CLAIMS.some(({ page, sentence }) => page === name && sentence.test(one)),
    );
    assert.deepEqual(bare, [], name);
  }
});

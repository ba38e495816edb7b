import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { ArgumentError } from '../../tensor/errors';
import { drawDocument, element, textLines } from '../plot';
import type { Picture } from './picture';

/** A picture as text: one line for each row of pixels, `.` or a space is 0, a digit its brightness. */
export type PictureText = string;

/** Brightest pixel. */
const BRIGHTEST = 9;

/**
 * Reads the brightness of each pixel -> matrix [rows, columns], not 0 everywhere: rank r would miss
 * nothing of nothing.
 * @throws ArgumentError
 */
function parsePicture(caller: string, text: PictureText): Matrix {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const columns = Math.max(0, ...lines.map((line) => line.length));
  const odd = /[^\d. ]/.exec(lines.join(''))?.[0];
  if (columns === 0 || odd !== undefined) {
    const got = odd === undefined ? 'none' : `'${odd}'`;
    throw new ArgumentError(`${caller}: a pixel must be a digit, a dot or a space, got ${got}.`);
  }
  const rows = lines.map((line) =>
    [...line.padEnd(columns)].map((pixel) => (/\d/.test(pixel) ? Number(pixel) : 0)),
  );
  if (rows.flat().every((pixel) => pixel === 0)) {
    throw new ArgumentError(
      `${caller}: a picture must have a pixel that is not black, got only 0. Write a digit from 1 to 9.`,
    );
  }
  return new Matrix(rows);
}

function decompose(pixels: Matrix): SingularValueDecomposition {
  return new SingularValueDecomposition(pixels, { autoTranspose: true });
}

/** The sizes of a picture: rows, columns. @throws ArgumentError */
export function pictureShape(text: PictureText): [rows: number, columns: number] {
  const { rows, columns } = parsePicture('pictureShape', text);
  return [rows, columns];
}

/** The singular values of a picture, the largest first. @throws ArgumentError */
export function singularValues(text: PictureText): number[] {
  return decompose(parsePicture('singularValues', text)).diagonal;
}

/** The nearest matrix of rank r: U S Vᵀ with the r largest singular values (Eckart and Young 1936). */
function nearestOfRank(svd: SingularValueDecomposition, r: number): Matrix {
  const kept = svd.diagonal.map((value, i) => (i < r ? value : 0));
  return svd.leftSingularVectors.mmul(Matrix.diag(kept)).mmul(svd.rightSingularVectors.transpose());
}

/** Space between two pictures, and above them, in px. */
const GAP = 12;
const TOP = 48;
const WIDTH = 720;

/**
 * Draws a picture beside its nearest pictures of these ranks.
 * @throws ArgumentError if a pixel is no digit, or all are black
 */
export function lowRankPicture(text: PictureText, ranks: readonly number[]): Picture {
  const pixels = parsePicture('lowRankPicture', text);
  const svd = decompose(pixels);
  const pictures = [
    ...ranks.map((r) => ({ name: `rank ${r}`, pixels: nearestOfRank(svd, r) })),
    { name: 'the picture', pixels },
  ];
  const inRow = pictures.length;
  const side = Math.floor((WIDTH - GAP * (inRow + 1)) / inRow / pixels.columns);
  const drawn = pictures.map((one, i) => {
    const left = GAP + i * (side * pixels.columns + GAP);
    return textLines([one.name], left, TOP - 10) + drawPixels(one.pixels, side, left);
  });
  const title = `A picture of ${pixels.rows} by ${pixels.columns} pixels, and the nearest of rank ${ranks.join(', ')}`;
  return {
    'image/svg+xml': drawDocument(
      { title, summary: `${title}.` },
      TOP + side * pixels.rows + GAP,
      ...drawn,
    ),
    'text/plain': `${title}.`,
  };
}

/** Draws the pixels of each of ten grey levels as one path. */
function drawPixels(pixels: Matrix, side: number, left: number): string {
  const squares = new Map<number, string>();
  pixels.to2DArray().forEach((row, y) => {
    row.forEach((value, x) => {
      const level = Math.min(BRIGHTEST, Math.max(0, Math.round(value)));
      const square = `M${left + x * side},${TOP + y * side}h${side}v${side}h-${side}z`;
      squares.set(level, (squares.get(level) ?? '') + square);
    });
  });
  return [...squares]
    .map(([level, d]) => {
      const grey = Math.round((255 * level) / BRIGHTEST);
      return element('path', { d, fill: `rgb(${grey},${grey},${grey})` });
    })
    .join('');
}

import { drawDocument, textLines } from '../plot';

/** A drawing as a MIME bundle: SVG, and a sentence for those who do not see it. */
export type Picture = {
  'image/svg+xml': string;
  'text/plain': string;
};

/** The attributes of text that is centred on its place. */
export const CENTRED = { 'text-anchor': 'middle' };

/** Makes a drawing with its title above it; the body starts below 40 px. */
export function titledPicture(
  words: { title: string; summary: string },
  height: number,
  ...body: string[]
): Picture {
  const title = textLines([words.title], 12, 28, { 'font-size': 16, 'font-weight': 'bold' });
  return {
    'image/svg+xml': drawDocument(words, height, title, ...body),
    'text/plain': words.summary,
  };
}

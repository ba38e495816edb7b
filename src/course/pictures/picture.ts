/** A drawing as a MIME bundle: SVG, and a sentence for those who do not see it. */
export type Picture = {
  'image/svg+xml': string;
  'text/plain': string;
};

import type { Exercise } from '../judge';
import { decoderSize } from './decoder-size';
import * as decoderSizeSolution from './decoder-size.solution';
import { groupedHeads } from './grouped-heads';
import * as groupedHeadsSolution from './grouped-heads.solution';
import { rmsNorm } from './rms-norm';
import * as rmsNormSolution from './rms-norm.solution';
import { rotary } from './rotary';
import * as rotarySolution from './rotary.solution';
import { swiglu } from './swiglu';
import * as swigluSolution from './swiglu.solution';

/** The functions that solve each exercise on today's decoders, by its id. */
export const DECODER_SOLUTIONS = {
  'rms-norm': rmsNormSolution,
  rotary: rotarySolution,
  swiglu: swigluSolution,
  'grouped-heads': groupedHeadsSolution,
  'decoder-size': decoderSizeSolution,
};

/** The exercises on today's decoders, in the order of notebook 05f. */
export const DECODER_EXERCISES: Record<keyof typeof DECODER_SOLUTIONS, Exercise> = {
  'rms-norm': rmsNorm,
  rotary,
  swiglu,
  'grouped-heads': groupedHeads,
  'decoder-size': decoderSize,
};

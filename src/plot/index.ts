export { barChart } from './bar-chart';
export type { BarChartOptions, BarSeries } from './bar-chart';
export { FigureError } from './check';
export type { Figure } from './figure';
export { lineChart } from './line-chart';
export type { LineChartOptions, LineSeries } from './line-chart';
export type { Axis } from './scale';
export { trainingChart } from './training-chart';
export type { ChartedStep, TrainingChartOptions } from './training-chart';

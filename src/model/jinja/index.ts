export { JinjaTemplate } from './jinja-template';
export { strftime } from './strftime';

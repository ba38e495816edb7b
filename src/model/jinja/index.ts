export { JinjaTemplate } from './jinja-template';

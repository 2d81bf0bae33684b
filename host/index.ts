/** The public face of the library. */
export { type ErrorCode, IgError } from './errors.js';
export { builtInGadgets, type Gadget, openGadget } from './gadget/gadget.js';
export { inspectGadget, type LoadedGadget, type OpenedGadget } from './gadget/instance.js';
export type { Param } from './gadget/params.js';
export { loadModule } from './operator/load.js';
export type { LoadedModule } from './operator/module.js';
export { startPipeline } from './pipeline/pipeline.js';
export type { OperatorPlan, Pipeline, PipelineEnd, PipelineEvents, PipelinePlan, PipelineStats } from './pipeline/plan.js';
export { type DataSource, type Field, FieldFlag, Kind } from './schema.js';

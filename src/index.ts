// The public API: what programs that embed or extend Hookline may import.

export { createHookline, type Hookline, type HooklineOptions } from './app.ts';
export type { Engine, EngineStats } from './engine/engine.ts';
export type { ManualInput } from './engine/manual-request.ts';
export type {
  Document,
  Execution,
  ExecutionStatus,
  ExecutionWithJobs,
  Failure,
  Job,
  Mode,
  Node,
  Problem,
  Reply,
  StoredRequest,
  Trigger,
  Workflow,
} from './engine/model.ts';
export type {
  Attempt,
  Delivery,
  DeliveryStatus,
  EndpointConfig,
  EndpointStatus,
  EventType,
  Message,
  OperationalEvent,
  OperationalEventType,
} from './engine/outbound-model.ts';
export type { OutboundStore } from './engine/outbound-ports.ts';
export type {
  BranchOutcome,
  CheckContext,
  ConfigProblem,
  EventTrigger,
  ExpressionEngine,
  HttpTrigger,
  IncomingRequest,
  ListeningTrigger,
  Log,
  NodeContext,
  NodeResult,
  NodeType,
  OutgoingEvent,
  OutgoingTarget,
  Plugin,
  RequestHead,
  Scope,
  Template,
  TriggerInstance,
  TriggerTools,
  TriggerType,
} from './engine/plugin.ts';
export { defineNode, definePlugin, defineTrigger } from './engine/plugin.ts';
export { buildReply } from './engine/reply.ts';
export { type ErrorCode, HooklineError } from './errors.ts';
export type { EndpointService } from './outbound/endpoints.ts';
export type { EventTypeService } from './outbound/event-types.ts';
export type { MessageService, Published, PublishedEvent } from './outbound/messages.ts';

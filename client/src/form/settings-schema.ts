// Pure: the schemas of what every node and every workflow can be set to, as forms draw them.

import { z } from 'zod';
import { onFailureSchema, retrySchema, settingsSchema } from '../../../src/engine/model.ts';
import type { JsonSchema } from './json-schema.ts';

const { concurrency, onFailureWorkflow } = settingsSchema.shape;
const concurrencyShape = concurrency.unwrap().shape;

/** Retries and what follows a failure: what every node has besides its own configuration. */
export const nodeSettingsSchema: JsonSchema = z.toJSONSchema(
  z.strictObject({ onFailure: onFailureSchema.default('stop'), retry: retrySchema.optional() }),
  { io: 'input' },
);

/** What of a retry is rarely changed. */
export const ADVANCED_NODE_SETTINGS: readonly string[] = ['retry.factor', 'retry.maxDelayMs', 'retry.jitter'];

export const workflowSettingsSchema: JsonSchema = z.toJSONSchema(
  z.strictObject({
    ...settingsSchema.shape,
    onFailureWorkflow: onFailureWorkflow.meta({ reference: 'workflow' }),
    concurrency: z
      .strictObject({ ...concurrencyShape, key: concurrencyShape.key.meta({ templates: true, multiline: false }) })
      .optional(),
  }),
  { io: 'input' },
);

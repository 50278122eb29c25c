// The configuration of a response: status, headers and body of the reply.

import type { z } from 'zod';
import { replyConfigSchema } from '../../engine/reply.ts';

export const responseConfigSchema = replyConfigSchema;

export type ResponseConfig = z.infer<typeof responseConfigSchema>;

// Who may do what with the admin API: permissions, roles, and what users, tokens and the audit log look like from outside.

import { z } from 'zod';
import { isReservedSecretName } from '../engine/secret-names.ts';

/** What a route can ask for. A read never changes anything. */
export const PERMISSIONS = [
  'workflows:read',
  'workflows:write',
  'executions:read',
  'executions:write',
  'outbound:read',
  'outbound:write',
  'messages:write',
  'secrets:read',
  'secrets:write',
  'secrets:use',
  'settings:read',
  'settings:write',
  'access:read',
  'access:write',
  'metrics:read',
] as const;
export const permissionSchema = z.enum(PERMISSIONS);
export type Permission = z.infer<typeof permissionSchema>;

export const ROLES = ['owner', 'editor', 'viewer'] as const;
export const roleSchema = z.enum(ROLES).meta({
  description:
    '`owner` may do everything; `editor` builds workflows and endpoints and keeps secrets; `viewer` looks at everything but users, tokens and the audit log.',
});
export type Role = z.infer<typeof roleSchema>;

const VIEWER: readonly Permission[] = [
  'workflows:read',
  'executions:read',
  'outbound:read',
  'secrets:read',
  'settings:read',
  'metrics:read',
];

/** What each role may do. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  editor: [...VIEWER, 'workflows:write', 'executions:write', 'outbound:write', 'messages:write', 'secrets:write', 'secrets:use'],
  viewer: VIEWER,
};

/** Who sends a request to the admin API. */
export interface Actor {
  readonly kind: 'user' | 'token' | 'admin-token';
  /** Id of the user or the token; `admin` for the configured or generated admin token. */
  readonly id: string;
  /** What the audit log shows: the user's e-mail address, the token's name. */
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
}

const time = z.iso.datetime().meta({ description: 'ISO 8601 in UTC.' });
const unreadable = z.string().optional().meta({
  description: 'Only where parts of the stored row cannot be read: which. Those parts are stand-ins.',
});

/** How a user signs in. Kept in lower case. */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .regex(/^[^\s@\p{Cc}\p{Cs}]+@[^\s@\p{Cc}\p{Cs}]+$/u, 'must be an e-mail address, such as ada@example.com');
export const personNameSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not have control characters');
/** NIST SP 800-63B-4, section 3.1.1.2: length counts, rules of composition do not. */
export const passwordSchema = z.string().min(12, 'must have at least 12 characters').max(200);

export const userView = z
  .strictObject({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    role: roleSchema,
    secondFactor: z.boolean().meta({ description: 'Whether signing in takes a code of an authenticator app, too.' }),
    status: z.enum(['active', 'invited', 'disabled']).meta({ description: '`invited`: has not chosen a password yet.' }),
    lastSeenAt: time.nullable(),
    createdAt: time,
    unreadable,
  })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof userView>;

export const oneTimeLinkView = z
  .strictObject({
    url: z.string().meta({ description: 'Works once; the part behind # never reaches a server log.' }),
    expiresAt: time,
  })
  .meta({ id: 'OneTimeLink' });
export type OneTimeLinkView = z.infer<typeof oneTimeLinkView>;

export const tokenView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    hint: z.string().meta({ description: 'The last four characters, to tell tokens apart.' }),
    permissions: z.array(permissionSchema),
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable(),
    createdBy: z.string(),
    createdAt: time,
    unreadable,
  })
  .meta({ id: 'ApiToken' });
export type TokenView = z.infer<typeof tokenView>;

export const NOTICE_KINDS = ['sign-in', 'password-changed', 'reset-link', 'token-created', 'second-factor'] as const;
export const noticeKindSchema = z.enum(NOTICE_KINDS).meta({
  description: '`sign-in`: from a place or a browser that was not seen before; `reset-link`: somebody made a link for this user.',
});
export type NoticeKind = z.infer<typeof noticeKindSchema>;

export const noticeView = z
  .strictObject({
    id: z.string(),
    kind: noticeKindSchema,
    address: z.string(),
    userAgent: z.string(),
    subject: z.string().meta({ description: 'The name of the token; empty for other kinds.' }),
    at: time,
    isRead: z.boolean(),
  })
  .meta({ id: 'Notice', description: 'What a user is told about the own account.' });
export type NoticeView = z.infer<typeof noticeView>;

export const userSessionView = z
  .strictObject({
    id: z.string(),
    isCurrent: z.boolean().meta({ description: 'The one that this request is part of.' }),
    address: z.string().meta({ description: 'Where it began; empty when it is not known.' }),
    userAgent: z.string(),
    createdAt: time,
    lastSeenAt: time,
  })
  .meta({ id: 'UserSession' });
export type UserSessionView = z.infer<typeof userSessionView>;

export const auditOutcomeSchema = z.enum(['done', 'refused', 'failed']).meta({
  description:
    '`refused`: the actor may not do this, or a password or token was wrong; `failed`: it ended with an error after a part of it was stored.',
});

export const auditEntryView = z
  .strictObject({
    id: z.string(),
    at: time,
    actor: z.strictObject({ kind: z.enum(['user', 'token', 'admin-token', 'nobody']), id: z.string(), name: z.string() }),
    action: z
      .string()
      .meta({ description: 'The name of the route, such as `updateWorkflow`, or `signIn`, `signInRefused`, `signOut`.' }),
    target: z.string().nullable().meta({ description: 'Id of what was changed.' }),
    fields: z.array(z.string()).meta({ description: 'Names of the fields that were sent; never their values.' }),
    address: z.string(),
    outcome: auditOutcomeSchema,
    details: z.record(z.string(), z.array(z.string())).meta({
      description: 'Such as `secrets` and `hosts` of a step that was tried, or `count` of refusals that one entry stands for.',
    }),
    sequence: z.int().nullable().meta({ description: 'Position in the chain; null: not chained yet.' }),
    hash: z.string().nullable().meta({ description: 'SHA-256 over this entry and the hash of the one before.' }),
    unreadable,
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntryView = z.infer<typeof auditEntryView>;

/** What the designer knows of itself when it opens. */
export const sessionView = z
  .strictObject({
    user: userView.nullable().meta({ description: 'Null: nobody is signed in.' }),
    permissions: z.array(permissionSchema),
    csrfToken: z.string().nullable().meta({ description: 'To be sent as `X-CSRF-Token` with everything but GET.' }),
    needsSetup: z.boolean().meta({ description: 'No owner exists yet: the one-time link that the server printed makes one.' }),
    mustEnrol: z.boolean().meta({
      description: 'A second factor has to be set up first; until then everything else is refused with `second_factor_required`.',
    }),
    version: z.string(),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof sessionView>;

export const linkPurposeSchema = z.enum(['setup', 'invitation', 'reset']);
export type LinkPurpose = z.infer<typeof linkPurposeSchema>;
/** The answer to a right password when a code is needed, too. */
export const codeNeededView = z
  .strictObject({ secondFactor: z.literal(true) })
  .meta({ id: 'CodeNeeded', description: 'The password was right; now send a code within five minutes.' });

export const secondFactorView = z
  .strictObject({
    enabled: z.boolean(),
    since: time.nullable(),
    recoveryCodes: z.int().meta({ description: 'How many are left.' }),
    required: z.boolean().meta({ description: 'It cannot be turned off.' }),
  })
  .meta({ id: 'SecondFactor' });
export type SecondFactorView = z.infer<typeof secondFactorView>;

/** What a one-time link is for. */
export const linkView = z
  .strictObject({
    purpose: linkPurposeSchema,
    email: z.string().nullable(),
    name: z.string().nullable(),
    secondFactor: z.boolean().meta({ description: 'Using it takes a code of the user’s authenticator app, or a recovery code.' }),
    expiresAt: time,
  })
  .meta({ id: 'Link' });
export type LinkView = z.infer<typeof linkView>;

/** Names as `$secrets.NAME` uses them. */
export const secretNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must start with a letter or _ and hold only letters, digits and _ (64 at most)');

/** Of a secret that is new: names that every object has already are refused, since a path or an expression would not find it. */
export const newSecretNameSchema = secretNameSchema.refine((name) => !isReservedSecretName(name), {
  error: 'is a name that every object has already; choose another one',
});

export const secretView = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    allowedHosts: z.array(z.string()).nullable().meta({
      description:
        'The only hosts that it may be sent to, by HTTP requests and webhooks to one URL; nothing else may use it. Null: it may be used everywhere.',
    }),
    usedBy: z.array(z.strictObject({ workflowId: z.string(), title: z.string() })).meta({
      description: 'Workflows whose live revision names it.',
    }),
    createdAt: time,
    updatedAt: time,
    updatedBy: z.string(),
    unreadable,
  })
  .meta({ id: 'Secret', description: 'A secret without its value, which never comes back.' });
export type SecretView = z.infer<typeof secretView>;

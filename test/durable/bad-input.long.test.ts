// Bad input for durable workflows on PostgreSQL: the same matrix once more.

import { describeBadInput } from './bad-input.ts';

describeBadInput('PostgreSQL');

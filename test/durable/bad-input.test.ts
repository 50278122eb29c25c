// Bad input for durable workflows on SQLite.

import { describeBadInput } from './bad-input.ts';

describeBadInput('SQLite');

// The setting that lists the hosts which a URL with a template in its host may lead to.

import { z } from 'zod';
import { ALLOWED_HOSTS_SINCE, parseAllowedHost } from './allowed-hosts.ts';
import { sentence } from './say.ts';

/** Most entries of one list. */
const MAX_HOSTS = 50;

export const allowedHostSchema = z.string().refine((text) => parseAllowedHost(text) !== undefined, sentence('hosts.entry'));

/** `target: 'hosts'` tells it to `credential-targets.ts`. It is taken as it is written: a template is no host. */
export const allowedHostsSchema = z.array(allowedHostSchema).min(1).max(MAX_HOSTS).meta({
  title: 'Allowed hosts',
  description:
    'Where the request may go, such as api.example.com or *.example.com. Needed when the host comes from a template and credentials are sent along.',
  target: 'hosts',
  sinceMigration: ALLOWED_HOSTS_SINCE,
});

// The parts of the outbound pages, to go from one to the other.

import { Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

const PATHS = {
  endpoints: '/webhooks',
  deliveries: '/webhooks/deliveries',
  messages: '/webhooks/messages',
  eventTypes: '/webhooks/event-types',
} as const;

export function OutboundTabs({ current }: { readonly current: keyof typeof PATHS }) {
  const { t } = useTranslation('outbound');
  const navigate = useNavigate();
  return (
    <Tabs value={current} onChange={(name) => name !== null && void navigate(PATHS[name as keyof typeof PATHS])}>
      <Tabs.List aria-label={t('parts')}>
        {(Object.keys(PATHS) as (keyof typeof PATHS)[]).map((name) => (
          <Tabs.Tab key={name} value={name}>
            {t(`tabs.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {/* The page itself is what the chosen tab shows. */}
      {(Object.keys(PATHS) as (keyof typeof PATHS)[]).map((name) => (
        <Tabs.Panel key={name} value={name}>
          {null}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

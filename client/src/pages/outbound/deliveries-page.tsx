// Every delivery to every endpoint.

import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { DeliveryList } from './delivery-list.tsx';
import { OutboundTabs } from './outbound-tabs.tsx';

export default function DeliveriesPage() {
  const { t } = useTranslation('outbound');
  return (
    <Page title={t('deliveriesTitle')} description={t('deliveriesText')}>
      <OutboundTabs current="deliveries" />
      <DeliveryList filter={{}} showsEndpoint />
    </Page>
  );
}

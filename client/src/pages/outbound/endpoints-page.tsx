// The page "webhooks".

import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export default function ThisPage() {
  const { t } = useTranslation();
  return <Page title={t('areas.webhooks')}>{null}</Page>;
}

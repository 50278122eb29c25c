// The page "settings".

import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export default function ThisPage() {
  const { t } = useTranslation();
  return <Page title={t('areas.settings')}>{null}</Page>;
}

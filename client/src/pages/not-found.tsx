// For addresses of the designer that lead nowhere.

import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Empty, Page } from '../ui/page.tsx';

export default function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('notFound')}>
      <Empty
        title={t('notFoundText')}
        action={
          <Button component={Link} to="/workflows">
            {t('toWorkflows')}
          </Button>
        }
      />
    </Page>
  );
}

// Programs that verify an endpoint's signatures, to hand to whoever writes the receiver.

import { Group, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { snippetsQuery } from '../../api/outbound.ts';
import { Copy } from '../../ui/copy.tsx';
import { LoadError, Loading } from '../../ui/page.tsx';
import { TextBox } from '../../ui/text-box.tsx';

export function Snippets({ endpointId }: { readonly endpointId: string }) {
  const { t } = useTranslation('outbound');
  const snippets = useQuery(snippetsQuery(endpointId));
  const [language, setLanguage] = useState<string | null>(null);
  if (snippets.isPending) return <Loading />;
  if (snippets.isError) return <LoadError error={snippets.error} onRetry={() => void snippets.refetch()} />;
  const all = snippets.data.data;
  const shown = all.find((snippet) => snippet.language === language) ?? all[0];
  if (!shown) return <Text size="sm">{t('common:none')}</Text>;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed" maw={640}>
        {t('snippetsText')}
      </Text>
      <Group justify="space-between" align="flex-end">
        <Select
          label={t('language')}
          data={all.map((snippet) => ({ value: snippet.language, label: snippet.title }))}
          value={shown.language}
          allowDeselect={false}
          onChange={setLanguage}
          w={{ base: '100%', xs: 420 }}
        />
        <Group gap="xs">
          <Text size="sm" ff="monospace">
            {shown.fileName}
          </Text>
          <Copy value={shown.code} label={shown.fileName} />
        </Group>
      </Group>
      <TextBox text={shown.code} label={shown.fileName} maxHeight={520} />
    </Stack>
  );
}

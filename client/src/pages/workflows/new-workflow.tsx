// The form that makes a workflow: from nothing, or from a template.

import { Badge, Button, Group, Radio, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import {
  IconBrandGithub,
  IconBrandStripe,
  IconCreditCard,
  IconForms,
  type IconProps,
  IconRoute,
  IconShare2,
} from '@tabler/icons-react';
import { type ComponentType, type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { Mode } from '../../../../src/engine/model.ts';
import { useCreateWorkflow } from '../../api/workflows.ts';
import { notifyError } from '../../ui/notify.ts';
import { TEMPLATES, type TemplateName, templateDocument } from './templates.ts';
import './new-workflow.css';

const ICONS: Readonly<Record<TemplateName, ComponentType<IconProps>>> = {
  payment: IconCreditCard,
  github: IconBrandGithub,
  stripe: IconBrandStripe,
  form: IconForms,
  fanout: IconShare2,
};

/** Chosen when it is to be built from nothing. */
const BLANK = 'blank';

export default function NewWorkflow() {
  const { t } = useTranslation('workflows');
  const navigate = useNavigate();
  const create = useCreateWorkflow();
  const [template, setTemplate] = useState<TemplateName | null>(null);
  const [title, setTitle] = useState('');
  const [mode, setMode] = useState<Mode>('sync');
  const name = useRef<HTMLInputElement>(null);
  // The dialog may have looked for what to focus before this form had come.
  useEffect(() => name.current?.focus(), []);

  function choose(name: TemplateName | null): void {
    // A title that was typed stays.
    const suggestion = template === null ? '' : t(`templates.${template}.title`);
    if (title === '' || title === suggestion) setTitle(name === null ? '' : t(`templates.${name}.title`));
    if (name !== null) setMode(templateDocument(name, t).mode);
    setTemplate(name);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    const document =
      template === null ? { mode, trigger: { type: 'webhook', config: {} }, nodes: [] } : templateDocument(template, t);
    create.mutate(
      { ...document, title },
      { onSuccess: (workflow) => void navigate(`/workflows/${workflow.id}`), onError: notifyError },
    );
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="lg">
        <Radio.Group
          label={t('new.startFrom')}
          value={template ?? BLANK}
          onChange={(value) => choose(TEMPLATES.find((name) => name === value) ?? null)}
        >
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm" mt={6}>
            <Choice value={BLANK} icon={IconRoute} title={t('new.blank')} text={t('new.blankText')} />
            {TEMPLATES.map((name) => (
              <Choice
                key={name}
                value={name}
                icon={ICONS[name]}
                title={t(`templates.${name}.title`)}
                text={t(`templates.${name}.text`)}
              />
            ))}
          </SimpleGrid>
        </Radio.Group>
        <TextInput
          label={t('new.name')}
          placeholder={t('new.namePlaceholder')}
          required
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          ref={name}
        />
        {template === null ? (
          <Radio.Group label={t('new.mode')} value={mode} onChange={(value) => setMode(value === 'async' ? 'async' : 'sync')}>
            <Stack gap="xs" mt={6}>
              <Radio value="sync" label={t('mode.sync')} description={t('mode.syncText')} />
              <Radio value="async" label={t('mode.async')} description={t('mode.asyncText')} />
            </Stack>
          </Radio.Group>
        ) : (
          <Group gap="xs">
            <Badge className="hl-badge" variant="light" tt="none">
              {t(`mode.${mode}`)}
            </Badge>
            <Text size="sm" c="dimmed">
              {t(`mode.${mode}Text`)}
            </Text>
          </Group>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t('new.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ChoiceProps {
  readonly value: string;
  readonly icon: ComponentType<IconProps>;
  readonly title: string;
  readonly text: string;
}

function Choice({ value, icon: Icon, title, text }: ChoiceProps) {
  return (
    <Radio.Card value={value} p="sm" radius="md" className="hl-choice">
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <Icon size={22} stroke={1.6} aria-hidden />
        <div>
          <Text size="sm" fw={600}>
            {title}
          </Text>
          <Text size="xs" c="dimmed">
            {text}
          </Text>
        </div>
      </Group>
    </Radio.Card>
  );
}

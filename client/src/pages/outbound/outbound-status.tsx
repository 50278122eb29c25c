// How an endpoint or a delivery stands, in a word with an icon and a colour.

import { Badge } from '@mantine/core';
import { IconBan, IconCheck, IconClock, IconHandStop, IconHourglass, type IconProps, IconX } from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeliveryJson, EndpointJson } from '../../api/outbound.ts';

type Look = { readonly color: string; readonly Icon: ComponentType<IconProps> };

const ENDPOINT: Readonly<Record<EndpointJson['status'], Look>> = {
  active: { color: 'teal', Icon: IconCheck },
  blocked: { color: 'red', Icon: IconHandStop },
  disabled: { color: 'gray', Icon: IconBan },
};

const DELIVERY: Readonly<Record<DeliveryJson['status'], Look>> = {
  pending: { color: 'indigo', Icon: IconHourglass },
  held: { color: 'orange', Icon: IconHandStop },
  succeeded: { color: 'teal', Icon: IconCheck },
  failed: { color: 'red', Icon: IconX },
  expired: { color: 'red', Icon: IconClock },
  canceled: { color: 'gray', Icon: IconBan },
};

export const DELIVERY_STATUSES = Object.keys(DELIVERY) as readonly DeliveryJson['status'][];
export const ENDPOINT_STATUSES = Object.keys(ENDPOINT) as readonly EndpointJson['status'][];

export function EndpointStatus({ status }: { readonly status: EndpointJson['status'] }) {
  const { t } = useTranslation('outbound');
  return <Shown look={ENDPOINT[status]} text={t(`endpointStatus.${status}`)} />;
}

export function DeliveryStatus({ status }: { readonly status: DeliveryJson['status'] }) {
  const { t } = useTranslation('outbound');
  return <Shown look={DELIVERY[status]} text={t(`deliveryStatus.${status}`)} />;
}

function Shown({ look: { color, Icon }, text }: { readonly look: Look; readonly text: string }) {
  return (
    <Badge className="hl-badge" variant="light" color={color} tt="none" leftSection={<Icon size={12} aria-hidden />}>
      {text}
    </Badge>
  );
}

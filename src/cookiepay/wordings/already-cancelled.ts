import { phrases } from './phrase.ts'

/**
 * How a PG says that the payment was cancelled before. The provider's own plugin goes by `이미 취소` and
 * `원거래 기취소` (docs/provider.md, Cancel answers).
 */
export const ALREADY_CANCELLED = phrases({
  '{already} [전체|전액|전부|모두|승인|매입|결제|정상|일괄] {cancel} [처리|승인|완료|성공] 된|되|됐|됨|하였|했|완료|성공|거래|결제|건|상태|주\\d|오류|입니다|임|$':
    '이미 취소된 거래입니다',
  '원거래 기 {cancel}': '원거래 기취소로 거절',
  '(?<!부분|일부)(?:{cancel}) [처리] 완료 [된] 거래|결제|승인|주문|건 [건] (?:입니다|임|이다|이므로|$)':
    '취소완료된 거래',
  '^(?:해당|본|요청하신|고객님의|전체|전액|승인|거래|결제|원|은|는|이){0,4} {cancel} [처리|완료] 된 거래|결제|승인|주문|건|상태 [건|내역] (?:입니다|임|이다)?$':
    '취소된 거래입니다',
  'already [been] [fully|completely|totally|successfully] (?:cancel|refund|void|revers)':
    'already cancelled payment',
  'previously [fully] (?:cancel|refund|void|revers)': 'Previously refunded',
})

/** Names of zones in texts: Ruby's table, and the names that Embulk reads differently. Offsets in hours. */

const table: Readonly<Record<string, string>> = {
  '-12': 'Y,IDLW,DATELINE',
  '-11': 'X,NT,SAMOA',
  '-10': 'W,AHST,CAT,HAST,HST,HAWAIIAN',
  '-9': 'V,AKST,HADT,HDT,YST,ALASKAN',
  '-8': 'PST,U,AKDT,YDT,PACIFIC',
  '-7': 'MST,PDT,T,MOUNTAIN,US MOUNTAIN',
  '-6': 'CST,MDT,S,CANADA CENTRAL,CENTRAL AMERICA,CENTRAL,MEXICO',
  '-5': 'EST,CDT,R,EASTERN,SA PACIFIC,US EASTERN',
  '-4': 'EDT,Q,AST,CLT,ATLANTIC,PACIFIC SA,SA WESTERN',
  '-3.5': 'NST,NEWFOUNDLAND',
  '-3': 'P,ART,ADT,BRT,CLST,E. SOUTH AMERICA,GREENLAND,SA EASTERN',
  '-2.5': 'NDT',
  '-2': 'O,AT,BRST,MID-ATLANTIC',
  '-1': 'N,AZORES,CAPE VERDE',
  '0': 'UT,GMT,Z,UTC,WET,GREENWICH',
  '1': 'A,BST,CET,FWT,MET,MEWT,MEZ,SWT,WAT,WEST,CENTRAL EUROPE,CENTRAL EUROPEAN,ROMANCE,W. CENTRAL AFRICA,W. EUROPE',
  '2': 'B,CEST,EET,FST,MEST,MESZ,SAST,SST,E. EUROPE,EGYPT,FLE,GTB,JERUSALEM,SOUTH AFRICA',
  '3': 'C,BT,EAT,EEST,MSK,ARAB,ARABIC,E. AFRICA,RUSSIAN',
  '3.5': 'IRAN',
  '4': 'D,MSD,ZP4,ARABIAN,CAUCASUS',
  '4.5': 'AFGHANISTAN',
  '5': 'E,ZP5,EKATERINBURG,WEST ASIA',
  '5.5': 'IST,INDIA',
  '5.75': 'NEPAL',
  '6': 'F,ZP6,CENTRAL ASIA,N. CENTRAL ASIA,SRI LANKA',
  '6.5': 'MYANMAR',
  '7': 'G,WAST,NORTH ASIA,SE ASIA',
  '8': 'H,CCT,SGT,WADT,CHINA,NORTH ASIA EAST,MALAY PENINSULA,TAIPEI,W. AUSTRALIA',
  '9': 'I,JST,KST,KOREA,TOKYO,YAKUTSK',
  '9.5': 'AUS CENTRAL,CEN. AUSTRALIA',
  '10': 'K,EAST,GST,AUS EASTERN,E. AUSTRALIA,TASMANIA,VLADIVOSTOK,WEST PACIFIC',
  '11': 'L,EADT,CENTRAL PACIFIC',
  '12': 'M,IDLE,NZST,NZT,FIJI,NEW ZEALAND',
  '13': 'NZDT,TONGA',
};

/** Offset in seconds by upper-case name, before any suffix. */
export const zoneNameOffsets: ReadonlyMap<string, number> = new Map(
  Object.entries(table).flatMap(([hours, names]) =>
    names.split(',').map((name): [string, number] => [name, Number(hours) * 3600]),
  ),
);

/** Names that win over the table: daylight names are not shifted. */
export const zoneAliases: ReadonlyMap<string, number> = new Map([
  ...['EST', 'EDT'].map((name): [string, number] => [name, -5 * 3600]),
  ...['CST', 'CDT'].map((name): [string, number] => [name, -6 * 3600]),
  ...['MST', 'MDT'].map((name): [string, number] => [name, -7 * 3600]),
  ...['PST', 'PDT'].map((name): [string, number] => [name, -8 * 3600]),
  ['HST', -10 * 3600],
  ['ROC', 8 * 3600],
]);

/** Java's short names, where JavaScript's own are offsets: standard and daylight. */
export const shortNames: Readonly<Record<string, readonly [string, string]>> = {
  'Africa/Cairo': ['EET', 'EEST'],
  'Africa/Johannesburg': ['SAST', 'SAST'],
  'Africa/Lagos': ['WAT', 'WAT'],
  'Africa/Nairobi': ['EAT', 'EAT'],
  'America/Argentina/Buenos_Aires': ['ART', 'ARST'],
  'America/Bogota': ['COT', 'COST'],
  'America/Lima': ['PET', 'PEST'],
  'America/Santiago': ['CLT', 'CLST'],
  'America/Sao_Paulo': ['BRT', 'BRST'],
  'Asia/Bangkok': ['ICT', 'ICST'],
  'Asia/Dhaka': ['BDT', 'BDST'],
  'Asia/Dubai': ['GST', 'GDT'],
  'Asia/Ho_Chi_Minh': ['ICT', 'ICST'],
  'Asia/Hong_Kong': ['HKT', 'HKST'],
  'Asia/Jakarta': ['WIB', 'WIST'],
  'Asia/Jerusalem': ['IST', 'IDT'],
  'Asia/Karachi': ['PKT', 'PKST'],
  'Asia/Kathmandu': ['NPT', 'NPST'],
  'Asia/Kolkata': ['IST', 'IST'],
  'Asia/Calcutta': ['IST', 'IST'],
  'Asia/Kuala_Lumpur': ['MYT', 'MYST'],
  'Asia/Manila': ['PHT', 'PHST'],
  'Asia/Riyadh': ['AST', 'ADT'],
  'Asia/Seoul': ['KST', 'KDT'],
  'Asia/Shanghai': ['CST', 'CDT'],
  'Asia/Singapore': ['SGT', 'SGST'],
  'Asia/Taipei': ['CST', 'CDT'],
  'Asia/Tehran': ['IRST', 'IRDT'],
  'Asia/Tokyo': ['JST', 'JDT'],
  Japan: ['JST', 'JDT'],
  'Australia/Adelaide': ['ACST', 'ACDT'],
  'Australia/Brisbane': ['AEST', 'AEDT'],
  'Australia/Darwin': ['ACST', 'ACDT'],
  'Australia/Hobart': ['AEST', 'AEDT'],
  'Australia/Melbourne': ['AEST', 'AEDT'],
  'Australia/Perth': ['AWST', 'AWDT'],
  'Australia/Sydney': ['AEST', 'AEDT'],
  CET: ['CET', 'CEST'],
  EET: ['EET', 'EEST'],
  MET: ['MET', 'MEST'],
  WET: ['WET', 'WEST'],
  'Europe/Dublin': ['GMT', 'IST'],
  'Europe/Istanbul': ['TRT', 'TRST'],
  'Europe/Lisbon': ['WET', 'WEST'],
  'Europe/London': ['GMT', 'BST'],
  GB: ['GMT', 'BST'],
  'Europe/Moscow': ['MSK', 'MSD'],
  'Pacific/Auckland': ['NZST', 'NZDT'],
  NZ: ['NZST', 'NZDT'],
  'Pacific/Honolulu': ['HST', 'HDT'],
};

const easternEurope = ['Athens', 'Bucharest', 'Helsinki', 'Kyiv', 'Kiev', 'Riga', 'Sofia', 'Tallinn', 'Vilnius'];

/** Java's short names of a region. Most of Europe shares two pairs. */
export function shortNamesOf(region: string): readonly [string, string] | undefined {
  const own = shortNames[region];
  if (own !== undefined || !region.startsWith('Europe/')) return own;
  return easternEurope.includes(region.slice('Europe/'.length)) ? ['EET', 'EEST'] : ['CET', 'CEST'];
}

// Mail that is there when try mode begins.

export interface Letter {
  id: string;
  from: string;
  to: string[];
  subject: string;
  text: string;
  replyTo?: string;
}

export const letters: Letter[] = [
  {
    id: 'roof-1',
    from: 'dia',
    to: ['ana', 'ben'],
    subject: 'Roof terrace on Thursday',
    text: 'The weather holds until Friday. Shall we move the Thursday meeting up to the terrace?\r\n\r\nDia\r\n',
  },
  {
    id: 'roof-2',
    from: 'ben',
    to: ['dia', 'ana'],
    subject: 'Re: Roof terrace on Thursday',
    text: 'Yes. I will bring the long table from the workshop.\r\n\r\nBen\r\n',
    replyTo: 'roof-1',
  },
  {
    id: 'invoice-88',
    from: 'cho',
    to: ['ana'],
    subject: 'Invoice 88 is still open',
    text: 'Ana,\r\n\r\ninvoice 88 of the printers is due on Monday. It waits for your signature; the order is in the shared folder.\r\n\r\nCho\r\n',
  },
  {
    id: 'keys',
    from: 'eli',
    to: ['office', 'ana'],
    subject: 'Keys of the archive room',
    text: 'The new keys are at the front desk. Old ones do not fit any more from tomorrow on.\r\n\r\nEli\r\n',
  },
  {
    id: 'lunch',
    from: 'ana',
    to: ['ben', 'cho', 'dia', 'eli'],
    subject: 'Lunch for the five of us',
    text: 'Friday at half past twelve, the place on the corner? I have booked for five.\r\n\r\nAna\r\n',
  },
];

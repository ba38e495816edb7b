/** A function of the house or the calendar, its arguments in their order, and how people ask for it. */
export interface HomeFunction {
  name: string;
  /** what fills `{room}`, `{person}` and so on in a wording */
  slots: readonly Slot[];
  /** arguments that do not come from a slot, such as `{ on: true }` */
  fixed?: Readonly<Record<string, boolean>>;
  /** of rows to learn and to choose by, and of rows to judge by */
  wordings: Record<'train' | 'test', readonly string[]>;
}

export type Slot = 'room' | 'person' | 'day' | 'time' | 'percent' | 'degrees' | 'minutes';
/** Rows to learn from, to choose an adapter by, and to judge it by. */
export type Split = 'train' | 'valid' | 'test';

/** What can be asked for. No wording of `test` is one of `train`. */
export const FUNCTIONS: readonly HomeFunction[] = [
  {
    name: 'light',
    slots: ['room'],
    fixed: { on: true },
    wordings: {
      train: [
        'Turn on the light in the {room}.',
        'Switch the {room} lights on, please.',
        'I need light in the {room}.',
        'Lights on in the {room}!',
        'It is too dark in the {room}, put the light on.',
        'Can you turn the {room} light on?',
        'Please light up the {room}.',
        'Hey, switch on the lamp in the {room}.',
        'Light, please, in the {room}.',
        'Somebody is in the {room}, turn the light on.',
        'Let there be light in the {room}.',
        'The {room} needs its light on.',
      ],
      test: [
        'Could you put the lights on in the {room}?',
        'The {room} is dark, please turn on a light.',
        'Please have the lamp in the {room} switched on.',
        'Give me some light in the {room}, would you?',
      ],
    },
  },
  {
    name: 'light',
    slots: ['room'],
    fixed: { on: false },
    wordings: {
      train: [
        'Turn off the light in the {room}.',
        'Switch the {room} lights off, please.',
        'I need no light in the {room} any more.',
        'Lights out in the {room}!',
        'It is too bright in the {room}, put the light out.',
        'Can you turn the {room} light off?',
        'Make the {room} dark, please.',
        'Hey, switch off the lamp in the {room}.',
        'No light in the {room}, please.',
        'We have left the {room}, turn the light off.',
        'Put out every light in the {room}.',
        'The {room} needs its light off.',
      ],
      test: [
        'Could you put the lights out in the {room}?',
        'Nobody is in the {room}, please turn off the light.',
        'Please have the lamp in the {room} switched off.',
        'No more light in the {room}, thanks.',
      ],
    },
  },
  {
    name: 'dim',
    slots: ['room', 'percent'],
    wordings: {
      train: [
        'Dim the {room} to {percent} percent.',
        'Set the light in the {room} to {percent} %.',
        'I want the {room} light at {percent} percent.',
        'Bring the lamp in the {room} to {percent} percent, please.',
        'Please dim the light in the {room}, {percent} percent is enough.',
        'Only {percent} percent of light in the {room}.',
        'Can you make it {percent} % bright in the {room}?',
        'Lower the {room} lights to {percent} %.',
        'Make the lamp in the {room} weaker, {percent} percent.',
        'For the film, {percent} percent light in the {room}, please.',
        'Turn the {room} light down to {percent} %.',
        'Light in the {room}: {percent} percent.',
      ],
      test: [
        'Could you dim the lights in the {room} to {percent} %?',
        'Let the lamp in the {room} shine at {percent} percent.',
        'The {room} light should be at {percent} percent.',
        'Set {percent} percent brightness in the {room}.',
      ],
    },
  },
  {
    name: 'heat',
    slots: ['room', 'degrees'],
    wordings: {
      train: [
        'Heat the {room} to {degrees} degrees.',
        'Make it {degrees} degrees in the {room}.',
        'I want {degrees} degrees in the {room}.',
        'Set the heating in the {room} to {degrees}.',
        'Please warm the {room} up to {degrees} degrees.',
        'The {room} should have {degrees} degrees.',
        'Can you set the {room} to {degrees} degrees?',
        'It is cold in the {room}, heat it to {degrees}.',
        'Turn the {room} heater to {degrees} degrees.',
        'Give the {room} {degrees} degrees, please.',
        'Temperature in the {room}: {degrees} degrees.',
        'We sit in the {room} tonight, make it {degrees} degrees.',
      ],
      test: [
        'Could you bring the {room} to {degrees} degrees?',
        'Warm the {room} to {degrees} degrees, please.',
        'Let it be {degrees} degrees warm in the {room}.',
        'Put the heating of the {room} at {degrees} degrees.',
      ],
    },
  },
  {
    name: 'timer',
    slots: ['minutes'],
    wordings: {
      train: [
        'Set a timer for {minutes} minutes.',
        'Wake me in {minutes} minutes.',
        'Tell me when {minutes} minutes are over.',
        'Start a timer of {minutes} minutes, please.',
        'I need a {minutes} minute timer.',
        'Ring in {minutes} minutes.',
        'Can you count down {minutes} minutes?',
        'The cake needs {minutes} minutes, set a timer.',
        'Timer: {minutes} minutes.',
        'Remind me after {minutes} minutes.',
        'In {minutes} minutes, let it ring.',
        'Please count {minutes} minutes from now.',
      ],
      test: [
        'Could you start a {minutes} minute timer?',
        'Let me know in {minutes} minutes, set a timer.',
        'Timer, {minutes} minutes, please.',
        'Give me a signal after {minutes} minutes.',
      ],
    },
  },
  {
    name: 'call',
    slots: ['person'],
    wordings: {
      train: [
        'Call {person}.',
        'Give {person} a ring.',
        'I want to talk to {person}, call now.',
        'Please phone {person}.',
        'Can you get {person} on the phone?',
        'Ring up {person} for me.',
        'Dial the number of {person}.',
        'Start a call with {person}.',
        'Get {person} on the phone, please.',
        'Put me through to {person}.',
        'I need to speak to {person}.',
        'Is {person} at home? Call and ask.',
      ],
      test: [
        'Could you phone {person} for me?',
        'Please place a call to {person}.',
        'Get me {person} on the line.',
        'I would like to speak with {person} on the phone.',
      ],
    },
  },
  {
    name: 'meet',
    slots: ['person', 'day', 'time'],
    wordings: {
      train: [
        'I meet {person} on {day} at {time}.',
        'Put a meeting with {person} into my calendar: {day}, {time}.',
        'Book {person} for {day} at {time}.',
        'Add an appointment with {person}, {day} {time}.',
        'On {day} at {time} I see {person}, write that down.',
        'Schedule {person} at {time} on {day}, please.',
        'Can you plan a meeting with {person} for {day}, {time}?',
        'Enter a date with {person} at {time}, {day}.',
        '{day}, {time}: {person}.',
        'My next meeting with {person} is at {time} on {day}.',
        'Save {day} at {time} for {person}.',
        'Please add {person} to my calendar for {day} at {time}.',
      ],
      test: [
        'Could you note a meeting with {person} at {time} on {day}?',
        '{person} comes on {day} at {time}, put it into the calendar.',
        'Please arrange {day}, {time}, with {person}.',
        'Make an appointment on {day} at {time} with {person}.',
      ],
    },
  },
];

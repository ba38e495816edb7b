/** A function of the house or the calendar, its arguments in their order, and how people ask for it. */
export interface HomeFunction {
  name: string;
  /** what fills `{room}`, `{person}` and so on in a wording */
  slots: readonly Slot[];
  /** arguments that do not come from a slot, such as `{ on: true }` */
  fixed?: Readonly<Record<string, boolean>>;
  /** of rows to learn from, and of rows held back */
  wordings: Record<Split, readonly string[]>;
}

export type Slot = 'room' | 'person' | 'day' | 'time' | 'percent' | 'degrees' | 'minutes';
export type Split = 'train' | 'test';

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

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** Places of a house; each belongs to one split. */
export const ROOMS: Record<Split, readonly string[]> = {
  train:
    listed(`kitchen; bedroom; living room; bathroom; attic; garage; hallway; office; dining room; guest
    room; nursery; cellar; library; laundry room; porch; playroom; music room; greenhouse;
    entrance; studio; tool shed; corridor; pantry; sun room; north wing; tea room; boiler room;
    reading corner; summer house; staircase; winter garden; sewing room; barn; canteen; kiosk;
    landing; lobby; loft; oratory; pavilion; penthouse; pool house; pergola; scullery; server
    room; shower; smithy; terrace; tower; treehouse; vault; veranda; walk-in closet; wardrobe;
    waiting room; washroom; yoga room; anteroom; archive; bakery; bar; boathouse; bunker; cabin;
    carport; classroom; cloakroom; courtyard; darkroom; den; dormitory; dressing room; fitness
    room; foyer; gallery; gazebo; hobby room; hut; ice house; jacuzzi; kennel; kitchenette; lab;
    lounge; mezzanine; orangery`),
  test: listed(`basement; workshop; balcony; study; conservatory; gym; sauna; mud room; game room; upper
    floor; red salon; storage room; chapel; stable; box room; parlour; cinema; crypt; drawing
    room; guard house; larder; oak hall; potting shed; utility room`),
};

/** First and last names from many places; each belongs to one split. */
export const PERSONS: Record<Split, readonly string[]> = {
  train:
    listed(`Ada; Aisha; Akira; Alma; Amir; Anika; Anton; Arjun; Astrid; Aurora; Bashir; Beatriz; Bela;
    Bianca; Bjorn; Bruno; Callum; Camila; Carmen; Chen; Chidi; Clara; Cosmo; Dagmar; Damir;
    Daphne; Darius; Delia; Dimitri; Dolores; Edda; Edgar; Eilidh; Elif; Elias; Elvira; Emre;
    Enzo; Esther; Eugene; Fabian; Farah; Fatima; Felix; Fiona; Florin; Freya; Gaspard; Gemma;
    Giulia; Goran; Greta; Gustav; Hamza; Hanna; Haruto; Helga; Henrik; Hugo; Ibrahim; Ilse;
    Imani; Indira; Ines; Ingrid; Isolde; Ivan; Jamal; Janek; Jasper; Jelena; Joaquin; Jolanda;
    Joris; Judith; Kaito; Kamil; Karim; Katya; Keiko; Kenji; Kofi; Lars; Latifa; Leila; Lennart;
    Leocadia; Linus; Lorenzo; Lucia; Ludmila; Magnus; Malik; Manuela; Marek; Mariam; Matilda;
    Mehmet; Milan; Mireille; Moritz; Nadia; Naoki; Nasrin; Nikolai; Noor; Octavia; Olaf; Olga;
    Omar; Orla; Otto; Paloma; Pascal; Pedro; Petra; Piotr; Priya; Quentin; Rafael; Rahel;
    Ramona; Rashid; Rhea; Rosalind; Ruben; Sabine; Salome; Sanjay; Selma; Sergei; Sigrid;
    Silvio; Sofia; Soren; Stella; Sunil; Svenja; Tamara; Tariq; Tatiana; Thandi; Theo; Tomasz;
    Ulrich; Umar; Ursula; Valentin; Vera; Viktor; Wanda; Wilhelm; Xavier; Yasmin; Yusuf; Zara;
    Ms Abbott; Mr Achebe; Ms Adeyemi; Mr Aksoy; Ms Alvarez; Mr Bakker; Ms Banerjee; Mr Becker;
    Ms Bianchi; Mr Bondar; Ms Castillo; Mr Chaudhry; Ms Cohen; Mr Costa; Ms Dahl; Mr Demir; Ms
    Dubois; Mr Eriksson; Ms Farkas; Mr Fischer; Ms Fujita; Mr Garcia; Ms Goldberg; Mr Grieg; Ms
    Hakimi; Mr Hansen; Ms Hoang; Mr Horvat; Ms Ivanova; Mr Jansen; Ms Jovanovic; Mr Kapoor; Ms
    Keller; Mr Kowalski; Ms Laurent; Mr Lindqvist; Ms Lombardi; Mr Macleod; Ms Marchetti; Mr
    Mensah; Ms Mwangi; Mr Nakamura; Ms Novak; Mr Okafor; Ms Olsen; Mr Papadakis; Ms Petrov; Mr
    Quispe; Ms Rahman; Mr Reyes; Ms Rossi; Mr Salonen; Ms Santos; Mr Schreiber; Ms Sharma; Mr
    Sokolov; Ms Suzuki; Mr Takahashi; Ms Thorne; Mr Toth; Ms Ueda; Mr Vasquez; Ms Virtanen; Mr
    Wagner; Ms Weiss; Mr Yamada; Ms Yilmaz; Mr Zeller`),
  test: listed(`Agnes; Aleksander; Bernadette; Boris; Cecilia; Dragan; Eleni; Emeka; Ferdinand; Gabriela;
    Hassan; Hedwig; Ismael; Juliana; Kasimir; Lavinia; Leopold; Marguerite; Mustafa; Natalia;
    Nils; Ottilie; Philippa; Rosario; Rukmini; Sebastian; Tadeusz; Theresa; Vikram; Winifred;
    Yolanda; Zoltan; Ms Bergstrom; Mr Castellano; Ms Delacroix; Mr Fitzgerald; Ms Hernandez; Mr
    Iyer; Ms Kovalenko; Mr Matsumoto; Ms Nwosu; Mr Osterberg; Ms Ramanujan; Mr Vandermeer`),
};

/** The items of a text, between semicolons. */
function listed(text: string): string[] {
  return text.split(';').map((item) => item.trim().replace(/\s+/g, ' '));
}

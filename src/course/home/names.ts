import type { Split } from './wordings';

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** What rooms are called after. */
const THINGS =
  listed(`tiger; falcon; otter; badger; heron; lynx; panther; dolphin; beaver; hedgehog; sparrow;
    penguin; walrus; gazelle; buffalo; camel; leopard; jaguar; raven; swallow; lobster;
    oyster; turtle; lizard; spider; beetle; butterfly; hornet; cricket; salmon; tulip;
    lavender; cactus; bamboo; maple; walnut; hazel; juniper; cedar; willow; jasmine; orchid;
    lilac; violet; saffron; ginger; pepper; mustard; cherry; apricot; peach; melon; lemon;
    raspberry; pumpkin; radish; lettuce; spinach; copper; bronze; silver; nickel; cobalt;
    amber; granite; marble; quartz; sapphire; emerald; crystal; slate; thunder; blizzard;
    breeze; sunrise; twilight; comet; meteor; Saturn; Neptune; Jupiter; eclipse; Lisbon;
    Vienna; Nairobi; Toronto; Havana; Oslo; Kyoto; Geneva; Dublin; Athens; anchor; hammer;
    lantern; candle; compass; bucket; basket; blanket; pillow; curtain; carpet; mirror;
    violin; cello; trumpet; piano; banjo; harp; drum; poet; painter; baker; captain; pilot;
    dancer; tailor; sailor; wizard; pirate; velvet; cotton; linen; denim; paper; pencil;
    puzzle; rocket; engine; magnet; battery; signal; waffle; pretzel; noodle; biscuit;
    caramel; vanilla; almond; coconut; mango; papaya; olive; barley; clover; nettle; thistle;
    fountain; harbour; meadow; valley; desert; island; glacier; volcano; canyon; prairie`);
const KINDS = ['room', 'corner', 'suite', 'office', 'lounge', 'cabin'];

/** Places of a house; each belongs to one split. */
export const ROOMS: Record<Split, readonly string[]> = {
  train: [
    ...listed(`kitchen; bedroom; living room; bathroom; attic; garage; hallway; office; dining room; cellar;
    library; laundry room; porch; playroom; music room; entrance; studio; tool shed; corridor;
    sun room; north wing; tea room; boiler room; reading corner; summer house; staircase;
    winter garden; sewing room; barn; canteen; kiosk; landing; oratory; pavilion; penthouse;
    pool house; scullery; server room; shower; terrace; tower; treehouse; vault; walk-in
    closet; wardrobe; waiting room; washroom; anteroom; bakery; bar; boathouse; bunker;
    carport; classroom; cloakroom; courtyard; darkroom; dormitory; dressing room; fitness
    room; gallery; gazebo; hobby room; hut; ice house; jacuzzi; kennel; kitchenette; lab;
    lounge; mezzanine; orangery; alcove; apiary; arcade; armoury; arbour; atrium; aviary;
    backyard; ballroom; belfry; boudoir; brewery; buttery; cloister; coach house; coal shed;
    cottage; cowshed; creche; cubicle; dairy; deck; dinette; doghouse; driveway; dovecote;
    engine room; fernery; forge; garret; granary; grotto; guardroom; hayloft; henhouse;
    infirmary; jam kitchen; keep; lavatory; lean-to; linen closet; lodge; log cabin; meeting
    room; mill; museum; nook; observatory; outhouse; paddock; palm house; passage; pigsty;
    plant room; print room; quarters; refectory; rock garden; root cellar; roof deck; rotunda;
    saddlery; scriptorium; shed; showroom; silo; snug; solarium; stockroom; tack room; tavern;
    toilet; trophy room; turret; vestibule; vestry; wash house; windmill; wine cellar;
    woodshed; workroom`),
    ...THINGS.map((thing, i) => `${thing} ${KINDS[i % KINDS.length]}`),
  ],
  valid:
    listed(`smithy; veranda; foyer; loft; nursery; guest room; yoga room; pergola; archive; cabin; lobby;
    greenhouse; pantry; den`),
  test: listed(`basement; workshop; balcony; study; conservatory; gym; sauna; mud room; game room; upper
    floor; red salon; storage room; chapel; stable; box room; parlour; cinema; crypt; drawing
    room; guard house; larder; oak hall; potting shed; utility room`),
};

/** First and last names from many places; each belongs to one split. */
export const PERSONS: Record<Split, readonly string[]> = {
  train:
    listed(`Aisha; Akira; Alma; Amir; Anika; Anton; Arjun; Astrid; Bashir; Beatriz; Bela; Bianca; Bjorn;
    Bruno; Callum; Camila; Chen; Chidi; Clara; Cosmo; Dagmar; Damir; Daphne; Darius; Dimitri;
    Dolores; Edda; Edgar; Eilidh; Elif; Elias; Elvira; Enzo; Esther; Eugene; Fabian; Farah;
    Fatima; Felix; Fiona; Freya; Gaspard; Gemma; Giulia; Goran; Greta; Gustav; Hamza; Haruto;
    Helga; Henrik; Hugo; Ibrahim; Ilse; Imani; Indira; Ingrid; Isolde; Ivan; Jamal; Janek;
    Jasper; Jelena; Joaquin; Joris; Judith; Kaito; Kamil; Karim; Katya; Keiko; Kenji; Lars;
    Latifa; Leila; Lennart; Leocadia; Linus; Lorenzo; Lucia; Magnus; Malik; Manuela; Marek;
    Mariam; Matilda; Mehmet; Milan; Moritz; Nadia; Naoki; Nasrin; Nikolai; Noor; Octavia;
    Olaf; Omar; Orla; Otto; Paloma; Pascal; Pedro; Petra; Piotr; Quentin; Rafael; Rahel;
    Ramona; Rashid; Rhea; Rosalind; Ruben; Salome; Sanjay; Selma; Sergei; Sigrid; Silvio;
    Sofia; Soren; Sunil; Svenja; Tamara; Tariq; Tatiana; Thandi; Theo; Tomasz; Umar; Ursula;
    Valentin; Vera; Viktor; Wanda; Wilhelm; Xavier; Yusuf; Zara; Ms Abbott; Mr Achebe; Ms
    Adeyemi; Mr Aksoy; Ms Alvarez; Mr Bakker; Mr Becker; Ms Bianchi; Mr Bondar; Ms Castillo;
    Mr Chaudhry; Ms Cohen; Mr Costa; Ms Dahl; Ms Dubois; Mr Eriksson; Ms Farkas; Mr Fischer;
    Ms Fujita; Mr Garcia; Ms Goldberg; Mr Grieg; Mr Hansen; Ms Hoang; Mr Horvat; Ms Ivanova;
    Mr Jansen; Ms Jovanovic; Mr Kapoor; Ms Keller; Ms Laurent; Mr Lindqvist; Ms Lombardi; Mr
    Macleod; Ms Marchetti; Mr Mensah; Ms Mwangi; Mr Nakamura; Mr Okafor; Ms Olsen; Mr
    Papadakis; Ms Petrov; Mr Quispe; Ms Rahman; Mr Reyes; Ms Rossi; Ms Santos; Mr Schreiber;
    Ms Sharma; Mr Sokolov; Ms Suzuki; Mr Takahashi; Ms Thorne; Mr Toth; Mr Vasquez; Ms
    Virtanen; Mr Wagner; Ms Weiss; Mr Yamada; Ms Yilmaz; Mr Zeller`),
  valid:
    listed(`Ada; Aurora; Carmen; Delia; Emre; Florin; Hanna; Ines; Jolanda; Kofi; Ludmila; Mireille; Olga;
    Priya; Sabine; Stella; Ulrich; Yasmin; Ms Banerjee; Mr Demir; Ms Hakimi; Mr Kowalski; Ms
    Novak; Mr Salonen; Ms Ueda`),
  test: listed(`Agnes; Aleksander; Bernadette; Boris; Cecilia; Dragan; Eleni; Emeka; Ferdinand; Gabriela;
    Hassan; Hedwig; Ismael; Juliana; Kasimir; Lavinia; Leopold; Marguerite; Mustafa; Natalia;
    Nils; Ottilie; Philippa; Rosario; Rukmini; Sebastian; Tadeusz; Theresa; Vikram; Winifred;
    Yolanda; Zoltan; Ms Bergstrom; Mr Castellano; Ms Delacroix; Mr Fitzgerald; Ms Hernandez;
    Mr Iyer; Ms Kovalenko; Mr Matsumoto; Ms Nwosu; Mr Osterberg; Ms Ramanujan; Mr Vandermeer`),
};

/** The items of a text, between semicolons. */
function listed(text: string): string[] {
  return text.split(';').map((item) => item.trim().replace(/\s+/g, ' '));
}

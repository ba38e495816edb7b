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
    fountain; harbour; meadow; valley; desert; island; glacier; volcano; canyon; prairie;
    acorn; airport; album; alligator; almanac; apron; aspen; athlete; avocado; badge; bagel;
    balloon; banana; banner; barrel; basil; beacon; beech; bicycle; birch; blossom; bluebird;
    bonnet; bottle; boulder; bracelet; broccoli; broom; bubble; buckle; bumblebee; bunny;
    butcher; butter; cabbage; cable; candy; cannon; canoe; caravan; cardinal; carpenter; carrot;
    cartoon; cashew; cauliflower; cavern; celery; cereal; champion; chariot; cheese; chemist;
    chess; chestnut; chicken; chimney; chocolate; cinnamon; circus; citrus; clarinet; cliff;
    clown; cobra; coffee; collar; colony; comedy; condor; coral; costume; couch; cow; coyote;
    crab; cradle; cranberry; crane; crayon; cream; creek; crown; cucumber; cupboard; currant;
    cushion; cypress; daisy; dawn; deer; dentist; diamond; diary; diesel; dinosaur; doll;
    donkey; dragon; drawer; duck; dune; eagle; elephant; elm; ember; empire; envelope; equator;
    fabric; feather; fern; ferry; fiddle; finch; flamingo; flannel; flask; flint; flute; fossil;
    frost; galaxy; garlic; garnet; geyser; ghost; giraffe; goat; goblin; goose; gorilla; grape;
    guitar; hamster; hare; hawk; helmet; herring; hickory; hippo; honey; horizon; hotel; hyena;
    iceberg; iguana; ivory; jacket; jelly; jewel; jungle; kangaroo; kettle; kitten; kiwi;
    knight; koala; ladder; lagoon; lamb; laptop; laurel; leather; lentil; lightning; lily;
    llama; locust; lotus; magpie; mammoth; mantis; marigold; marlin; marsh; mermaid; mineral;
    mint; mole; monarch; monkey; monsoon; moose; mosaic; mosquito; moss; mountain; mushroom;
    nectar; nutmeg; octopus; onion; opal; opera; orchard; ostrich; pancake; panda; parrot;
    parsley; peacock; peanut; pear; pearl; pelican; peony; phoenix; pigeon; piston; plum; poem;
    pony; poplar; poppy; portrait; potato; pottery; propeller; quail; queen; quilt; rabbit;
    raccoon; rainbow; raisin; reef; reindeer; ribbon; robin; rosemary; ruby; saddle; sage;
    sandstone; scarf; scorpion; seal; sesame; shadow; shark; sheep; shepherd; shrimp; silk;
    skeleton; snail; soldier; sparkle; sponge; squirrel; stallion; starfish; stork; strawberry;
    summit; sunflower; swan; sycamore; tadpole; tango; teapot; temple; thunderbolt; thyme; toad;
    toast; tobacco; tomato; topaz; tornado; tram; treasure; triangle; trout; tuba; tuna; tundra;
    turkey; turnip; turquoise; umbrella; unicorn; valve; vinegar; viper; vulture; wagon; wasp;
    watermelon; weasel; whale; whistle; wolverine; wombat; wool; zebra; zinc; zucchini;
    ant; ape; apple; arrow; artist; ash; bat; bay; bean; bee; bell; berry; biology; bird;
    bishop; boat; bow; branch; bridge; bull; bus; button; cab; calendar; calf; camera; canvas;
    castle; cat; cave; cell; chair; chalk; chart; circle; clam; clay; clock; cloud; coal; coat;
    cod; cookie; corn; crow; cup; cycle; dale; delta; doctor; dog; dove; drop; duke; dust;
    earth; echo; eel; egg; elf; elk; emu; ewe; fan; fawn; fig; fir; fish; flag; flower; foam;
    fog; forest; fort; fox; frog; gate; gem; gnu; gold; grass; gull; gum; hail; harvest; hat;
    hay; hen; hill; hive; horn; horse; ice; ink; iris; iron; isle; ivy; jade; jam; jar; jet;
    kale; key; king; kite; lake; lamp; lark; lava; leaf; leek; lime; lion; lute; map; mask;
    mast; maze; mist; moat; moon; moth; mouse; mule; nest; nut; oar; oat; oboe; ocean; onyx;
    orb; orbit; ore; owl; pan; pawn; pea; peat; pickle; pier; pig; pike; pine; planet; plow;
    pod; polar; pond; powder; pug; puma; python; quay; radio; rag; rain; ram; rat; ray; reed;
    rice; river; robot; roc; rook; root; rose; rug; rum; rye; sail; salt; sand; shield; sky;
    sled; snake; snow; soap; sofa; spa; star; stone; storm; sugar; sun; surf; tea; tern; tide;
    tin; toy; tree; tub; urn; van; vase; vine; wax; wheat; whip; wolf; wren; yak; yam; yew`);
const KINDS = ['room', '', 'hall', '', 'suite', ''];

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
    woodshed; workroom;
    blue room; green salon; white hall; black cabin; yellow lounge; grey suite; brown lounge;
    golden hall; silver salon; pink room; purple hall; orange room; old hall; new hall; lower
    floor; second floor; third floor; middle floor; east hall; west hall; south hall; pine hall;
    elm hall; birch hall; beech hall; lemon hall; maple hall; stone hall; glass house; tree
    house; back room; side room; spare room; family room; bird house; boot room; card room;
    dance hall; fire station; flower room; gun room; ice room; letter room; map room; mail room;
    paint shop; pump house; rain room; sand pit; school room; smoke room; snow cave; sports
    room; television room; top floor; ground floor; water closet; wood shed; writing room; copy
    room; coffee corner; computer room; control room; day room; engine shed; front hall; grand
    hall; gear room; great hall; main hall; milk house; rest room; safe room; salt store; sick
    bay; sun deck; swimming pool; tank room; tennis court; tile room; tin shed; toy room; train
    room; wet room; wind tower`),
    ...THINGS.map((thing, i) => `${thing} ${KINDS[i % KINDS.length]}`.trim()),
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
    Virtanen; Mr Wagner; Ms Weiss; Mr Yamada; Ms Yilmaz; Mr Zeller;
    Aaron; Abigail; Adrian; Alan; Albert; Alfred; Alison; Allison; Amanda; Amber; Amelia;
    Andrea; Angela; Anita; Antonio; Ashley; Audrey; Austin; Barbara; Barry; Beatrice; Benjamin;
    Bernard; Bertha; Beth; Bradley; Brandon; Brenda; Brian; Bridget; Caleb; Cameron; Carlos;
    Caroline; Catherine; Charlotte; Chloe; Christina; Claire; Colin; Connor; Craig; Cynthia;
    Deborah; Dennis; Derek; Diana; Dominic; Dorothy; Duncan; Dylan; Edith; Eduardo; Edwin;
    Eleanor; Ellen; Emma; Eric; Ernest; Ethan; Eva; Evelyn; Frances; Frieda; Gary; Gavin;
    Geoffrey; Gerald; Gilbert; Gloria; Gordon; Grace; Graham; Hannah; Harold; Harriet; Harry;
    Hector; Heidi; Helen; Herbert; Holly; Howard; Iris; Isaac; Isabel; Janet; Jasmine; Jeffrey;
    Jennifer; Jeremy; Jessica; Joan; Jonathan; Josephine; Joshua; Julia; Julian; Justin; Karen;
    Keith; Kenneth; Kevin; Kimberly; Kurt; Laura; Lawrence; Leonard; Lillian; Lisa; Louise;
    Lucas; Lydia; Marcus; Margaret; Mario; Marion; Martha; Mason; Maureen; Megan; Melissa;
    Michelle; Miriam; Monica; Mr Bennett; Mr Dawson; Mr Fletcher; Mr Henderson; Mr Jensen; Mr
    Larsson; Mr Nielsen; Mr Peterson; Mr Richardson; Mr Thompson; Mr Vaughan; Mr Young; Ms
    Albrecht; Ms Caldwell; Ms Edwards; Ms Gardner; Ms Hughes; Ms Kimura; Ms Marshall; Ms
    Osborne; Ms Quinn; Ms Simmons; Ms Underwood; Ms Walsh; Nancy; Nathan; Nicholas; Nicole;
    Noah; Norman; Oliver; Oscar; Pamela; Patricia; Patrick; Paula; Peggy; Phillip; Rachel;
    Raymond; Rebecca; Rita; Roger; Ronald; Rosemary; Roy; Ruth; Sandra; Sonia; Stuart; Susan;
    Sylvia; Teresa; Timothy; Tina; Trevor; Tyler; Valerie; Vernon; Vincent; Violet; Walter;
    Wendy; Wesley; Zachary;
    Alice; April; Arthur; Carl; Charles; Christian; Daniel; David; Donald; Edward; Elizabeth;
    Emily; Frank; Fred; Henry; Jacob; Joseph; Maria; Martin; Neil; Robert; Samuel; Sarah; Scott;
    Simon; Stephen; Thomas; Victor; Virginia`),
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

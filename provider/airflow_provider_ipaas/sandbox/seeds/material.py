"""Names, places and texts of the demo records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """An address without a person; `street` may have several lines."""

    street: str
    city: str
    region: str
    postal_code: str
    country: str
    dial: str = "+1 555"


PLACES: Final = (
    Place("1200 Harbor Blvd", "Long Beach", "California", "90802", "United States", "+1 562"),
    Place("77 Wacker Drive\nSuite 3400", "Chicago", "Illinois", "60601", "United States", "+1 312"),
    Place("9 Peachtree St NE", "Atlanta", "Georgia", "30303", "United States", "+1 404"),
    Place("Friedrichstraße 42", "Berlin", "Berlin", "10117", "Germany", "+49 30"),
    Place("Königsallee 60\nHinterhaus\n3. Etage", "Düsseldorf", "Nordrhein-Westfalen", "40212", "Germany", "+49 211"),
    Place("Kärntner Straße 8", "Wien", "Wien", "1010", "Austria", "+43 1"),
    Place("12 Rue de l'Église", "Lyon", "Auvergne-Rhône-Alpes", "69002", "France", "+33 4"),
    Place("丸の内1-9-1\nグラントウキョウ 18F", "千代田区", "東京都", "100-6601", "Japan", "+81 3"),
    Place("221B Baker Street", "London", "Greater London", "NW1 6XE", "United Kingdom", "+44 20"),
    Place("88 Queen's Quay West", "Toronto", "Ontario", "M5J 0B8", "Canada", "+1 416"),
    Place("5 Rue Sainte-Catherine O", "Montréal", "Quebec", "H3B 1A1", "Canada", "+1 514"),
    Place("14 Martin Place", "Sydney", "New South Wales", "2000", "Australia", "+61 2"),
    Place("Calle de Alcalá 45", "Madrid", "Comunidad de Madrid", "28014", "Spain", "+34 91"),
    Place("Via Dante 7", "Milano", "Lombardia", "20121", "Italy", "+39 02"),
    Place("Drottninggatan 71", "Stockholm", "Stockholms län", "111 36", "Sweden", "+46 8"),
    Place("Av. Paulista 1578\nConj. 12", "São Paulo", "São Paulo", "01310-200", "Brazil", "+55 11"),
    Place("400 Pine Street", "Seattle", "Washington", "98101", "United States", "+1 206"),
    Place("Herengracht 182", "Amsterdam", "Noord-Holland", "1016 BR", "Netherlands", "+31 20"),
    Place("ul. Świętokrzyska 14", "Warszawa", "Mazowieckie", "00-050", "Poland", "+48 22"),
    Place("2 Grafton Street", "Dublin", "Leinster", "D02 A272", "Ireland", "+353 1"),
)

# The first four meet a company of nearly the same name; see NAME_TWINS.
ACCOUNT_NAMES: Final = (
    "Acme, Inc.", "Globex Corporation", "Initech GmbH & Co. KG", "Umbrella-Works Ltd.",
    "Ärzte & Söhne GmbH", "東京商事株式会社", "Rocket 🚀 Labs", "شركة النور للتجارة", "Émile Frères SARL",
    "O'Neill & Partners", "Żółw Transport Sp. z o.o.", "Häagen Möbel AG", "Северный Ветер", "Çelik Makina A.Ş.",
    "Nordlicht Reederei", "Blue Mesa Outfitters", "Cedar Ridge Dental", "Fulton Street Bakery", "Granite State Paving",
    "Harborview Hotels", "Ironwood Furniture", "Juniper Analytics", "Kestrel Aviation", "Lakeside Veterinary",
    "Maple Leaf Foods Supply", "Northgate Robotics", "Old Town Books", "Pioneer Seed Company", "Quarry Road Brewing",
    "Redwood Legal", "Silverline Textiles", "Tidewater Marine", "Union Square Optics", "Vanguard Roofing",
    "Westfield Machine Shop", "Yellowstone Guides", "Zephyr Wind Power", "Alpine Sports Import", "Baltic Amber Trade",
    "Canal House Antiques", "Delta Packaging", "Evergreen Nurseries", "Foxglove Cosmetics", "Golden Gate Catering",
    "Highland Woollens", "Island Ferries", "Jasmine Tea Rooms", "Kingfisher Plumbing", "Lighthouse Insurance",
    "Meridian Freight", "Nightingale Care Homes", "Orchard Valley Cider", "Pinnacle Fitness", "Quartz Watch Repair",
    "Riverbend Schools Trust", "Summit Geotechnical", "Thistle & Rose Florists", "Upland Wind Farm Operators",
    "Violet Hill Records", "Willow Creek Golf Club",
)  # fmt: skip

NAME_TWINS: Final = ("ACME Inc", "Globex  Corporation", "initech gmbh co kg", "Umbrella Works Ltd")

COMPANY_NAMES: Final = (
    "Amber Lane Stationers", "Birchwood Pharmacy", "Copperfield Electric", "Daybreak Coffee Roasters",
    "Eastgate Motors", "Fernhill Dairy", "Glacier Point Apparel", "Hollow Oak Distillery", "Indigo Print House",
    "Jade Garden Import", "Küstenfisch Handel", "Lantern Street Theatre", "Mossy Creek Lumber", "Novák & Syn s.r.o.",
    "Opal Coast Charters", "Pelican Bay Supplies", "Quill Pen Publishing", "Rosewood Instruments",
    "Saffron Spice Traders", "Tamarack Tools", "Urban Roof Gardens", "Vista Ridge Solar", "Whistling Pines Resort",
    "Xenia Glassworks", "Yarrow Naturals", "Zinc Alley Design", "Arcadia Pet Foods", "Bluebell Linen",
    "Coral Reef Diving", "Dovetail Joinery", "Emberglow Candles", "Frostline Cold Storage", "Goose Island Boats",
    "Hawthorn Hill Winery", "Ivory Key Pianos", "大阪部品センター",
)  # fmt: skip

FIRST_NAMES: Final = (
    "Anna", "Björn", "Chloé", "David", "Elif", "Fatima", "Grzegorz", "Hana", "Íñigo", "Jürgen", "Kenji", "Léa", "Marta",
    "Niels", "Olga", "Pedro", "Quinn", "Rosa", "Søren", "Tomáš", "Uma", "Viktor", "Wei", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
LAST_NAMES: Final = (
    "Ackermann", "Bauer", "Castillo", "Dvořák", "Eriksson", "Fernández", "García", "Hoffmann", "Ibrahim", "Jensen",
    "Kowalska", "Lefèvre", "Müller", "Nakamura", "O'Brien", "Petrov", "Quigley", "Rossi", "Sørensen", "Tanaka", "Usman",
    "van der Berg", "Weiß", "Xu", "Yıldız", "Zimmermann", "de la Cruz", "St. John", "MacLeod",
)  # fmt: skip
ODD_PEOPLE: Final = (
    ("太郎", "山田"),
    ("محمد", "الأحمد"),
    ("דוד", "כהן"),
    ("Star ⭐", "Quality"),
    ("Åsa-Märta", "Öberg-Ångström"),
)

LONG_TEXT: Final = (
    "Key account since 2011. Orders by framework contract; call the buyer before each price change. "
    "“Deliveries to the north gate only”, see the note of 12 May. "
)

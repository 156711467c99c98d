"""Text to set around labelled documents: unrelated news, background, teasers, navigation.

Written for this benchmark. None of it announces an event of the monitor: the background tells what
programs are, what happened long ago, and what people think.
"""

from __future__ import annotations

UNRELATED = (
    "Road crews will close the northbound lanes of the river bridge for two weekends this month"
    " while they replace expansion joints. Drivers are asked to use the Mill Street crossing, "
    "and the transit agency is adding buses on its crosstown line until the work is finished.",
    "The school board heard a report on reading scores that rose for the third year in a row. "
    "Teachers credited smaller groups in the early grades and a tutoring program paid for by a "
    "grant that runs out next summer. The board took no action on the budget.",
    "Farmers in the valley say the late frost took about a third of the peach crop. The "
    "extension office is collecting damage reports and reminds growers that applications for "
    "disaster loans must be filed within sixty days.",
    "The hospital opened a new wing for outpatient surgery on Monday. Its chief executive said "
    "the twelve operating rooms will shorten waits, and that hiring for forty nursing positions"
    " is under way. A second phase depends on a state certificate.",
    "A water main under Fourth Avenue broke before dawn and flooded several basements. The "
    "utility said service was back by noon and that customers may notice cloudy water for a "
    "day. The pipe was laid in 1931.",
    "The city council voted 6-1 to approve a contract for new garbage trucks. The trucks, which"
    " run on compressed gas, will replace a fleet that spends one day in five in the shop. The "
    "lone vote against came from a member who wanted a second round of bids.",
    "County commissioners approved an agreement with a neighboring county to share a medical "
    "examiner. Under the deal each will pay by the number of cases. The sheriff told them that "
    "the wait for reports had grown to eleven weeks.",
    "Police arrested two men after a chase that began at a gas station and ended in a "
    "cornfield. Both were booked into jail on charges of burglary and fleeing an officer. A "
    "deputy was treated for a sprained wrist and released.",
    "The women's team won its fifth straight game behind 24 points from its senior guard. The "
    "coach said defense made the difference in the fourth quarter, when the visitors went more "
    "than six minutes without a basket.",
    "The library will lend fishing rods, telescopes and sewing machines starting in spring. "
    "Patrons may keep an item for two weeks. The idea came from a survey in which residents "
    "said they wanted to try things before buying them.",
    "A judge ruled that the developer of a hillside subdivision must repair the retaining wall "
    "before any more houses are sold. Neighbors had sued after mud slid into their yards twice "
    "last winter. The company said it is reviewing the decision.",
    "The governor signed a bill that lets breweries sell at farmers markets. Supporters said it"
    " will help small towns. The law takes effect in ninety days, and the beverage commission "
    "has to write rules before then.",
    "The wildlife sanctuary reopened its boardwalk after a season of repairs. Volunteers "
    "counted more than a hundred species during the spring migration, among them a pair of "
    "sandhill cranes that has nested by the east pond since 2016.",
    "Lawmakers went home without a deal on school construction. The House passed its version "
    "last week; the Senate wants the money tied to test scores. Leaders said talks will go on "
    "over the recess, and that a special session is possible.",
    "The sheriff's office is hiring. Starting pay for deputies rose eight percent this year, "
    "and the academy has room for twenty recruits. Applicants need a driver's license and must "
    "pass a fitness test, an interview and a background check.",
    "Crews cleared ice from the runways overnight and the airport expects a normal schedule "
    "today. Forecasters say another band of freezing rain could come through on Thursday, with "
    "less than a tenth of an inch likely in most places.",
    "The museum's new show brings together forty quilts made by three generations of one "
    "family. The curator found the oldest in a cedar chest with a note pinned to it that gave "
    "the maker's name and the winter in which she finished it.",
    "State auditors found that the housing authority could not account for a fifth of its "
    "tools. The director said inventory is now done every quarter. The report lists nine "
    "recommendations, of which seven have been carried out.",
    "The chamber of commerce named a bakery its business of the year. Its owner started with "
    "one oven in a garage and now employs eighteen people. She thanked her customers, her "
    "bankers and her mother, in that order.",
    "Residents packed a hearing on the proposed landfill expansion. Most of those who spoke "
    "were against it. The company says it needs the space by 2031 and has offered to pave the "
    "access road. A decision is due in the fall.",
    "An engine fire forced a freight train to stop near the county line for three hours. Nobody"
    " was hurt. The railroad said the locomotive was taken to a yard for inspection and that it"
    " will pay the volunteer fire company for its foam.",
    "The health department reminds parents that required shots are due before the first day of "
    "school. Clinics are open on Saturdays this month, no appointment needed. Last year about "
    "four hundred children missed the deadline.",
)

BACKGROUND = (
    "Section 287(g) of the Immigration and Nationality Act, added in 1996, lets the federal "
    "government delegate some of its authority to state and local officers. The agreements come"
    " in several models, which differ in where officers work and what they may do.",
    "A detainer is a request that a jail hold a person for up to 48 hours past release so that "
    "federal officers can take custody. Courts have disagreed about when a jail may do so, and "
    "policies differ from place to place.",
    "Critics of such partnerships say they make people afraid to call the police. Supporters "
    "say they keep dangerous people off the streets. Researchers who have studied the question "
    "over two decades have come to different conclusions.",
    "The number of partner agencies has risen and fallen with each administration. Many of the "
    "early agreements ended years ago, when sheriffs who had signed them left office and their "
    "successors campaigned against them.",
    "What counts as a sanctuary is itself in dispute: there is no single legal definition, and "
    "lists that advocates on either side keep do not agree with one another.",
    "Immigration enforcement has been a federal responsibility for more than a century. Local "
    "agencies help in many ways, from lending jail beds to serving on task forces, and most of "
    "that help needs no formal agreement at all.",
    "Deputies who take part in the federal program go through four weeks of training. The "
    "federal government pays for the course; counties have usually paid for salaries and travel"
    " themselves.",
    "In a poll taken two years ago, a majority said local police should report people charged "
    "with serious crimes to federal authorities, and a majority also said police should not ask"
    " victims and witnesses about their status.",
)

#: Background that names other places: what once happened there, news of theirs that is not ours.
ELSEWHERE = (
    "In Gwinnett County, Georgia, the sheriff ended the county's 287(g) program on his first day "
    "in office in January 2021. Cobb County's sheriff did the same that month.",
    "Florida lawmakers passed a law in 2019 that requires sheriffs to honor federal detainers. "
    "Texas had enacted a similar law, Senate Bill 4, two years earlier.",
    "Bristol County, Massachusetts, lost its agreement in May 2021, when the homeland security "
    "secretary terminated it after a disturbance at the jail.",
    "California's sanctuary law, Senate Bill 54, was signed in 2017 by Gov. Jerry Brown and upheld "
    "by a federal appeals court two years after that.",
    "Mecklenburg County, North Carolina, had been among the first to sign on, in 2006; a new "
    "sheriff withdrew in 2018 as he had promised voters.",
    "Police in Toledo, Ohio, said the man fled across the state line into Michigan. He was "
    "arrested in Monroe on Tuesday and waived extradition before a judge.",
    "The Denver City Council approved a lease for a new animal shelter on Monday. Construction "
    "is to begin in May and the old building will be sold.",
    "In Phoenix, Gov. Katie Hobbs signed a budget that adds troopers to the Highway Patrol. The "
    "Legislature passed it late on Friday after weeks of talks.",
    "The Illinois attorney general sued a roofing company over deposits it kept. Customers in "
    "Peoria and Springfield filed more than ninety complaints.",
    "Harris County commissioners voted 4-1 to renew a contract with the food bank. The sheriff's "
    "office will lend trucks for deliveries.",
)

#: Lines that extraction often leaves between paragraphs of an article.
INSIDE = (
    "Related: Sheriff explains why his county joined the ICE program",
    "Read more: State Senate passes bill to ban 287(g) agreements",
    "Advertisement",
    "More from this section",
    "Polk County signs 287(g) agreement with ICE",
    "Tampa council repeals sanctuary resolution",
    "Judge blocks sheriff's ICE policy in Hennepin County",
    "Sign up for our newsletter",
)

TEASERS = (
    "Five things to know about the new school calendar",
    "What is a detainer? A short guide",
    "Sheriff explains why his county joined ICE program",
    "Photos: the county fair in black and white",
    "Opinion: cities should not do the federal government&#8217;s job",
    "Council to take up immigration resolution next month",
    "How we counted: police budgets in 40 towns",
    "Weekend forecast: sun, then showers",
)

NAVIGATION = (
    "Home",
    "News",
    "Sports",
    "Opinion",
    "Obituaries",
    "Weather",
    "Subscribe",
    "Log in",
)

FOOTER = (
    "This newsroom is a member of a press association. Letters to the editor may be edited for "
    "length. All rights reserved. Terms of use. Privacy. Corrections: call the news desk."
)

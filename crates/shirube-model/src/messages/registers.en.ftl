# Records of the registers: fields, references, steps and the rules of each kind.
registers-body-unreadable = the record cannot be read as kind `{ $kind }`
    .remedy = Check the record against the list of fields of the kind.
registers-field-unknown = the register `{ $kind }` has no field `{ $name }`
    .remedy = Remove the field or correct its name.
registers-field-missing = a required field is empty
    .remedy = Fill in the field.
registers-field-wrong-type = the field takes { $expected ->
       *[text] text
        [date] a date
        [whole-number] a whole number
        [decimal] a number in quotes
        [true-or-false] true or false
        [record-id] a record id
        [web-address] a web address
        [year-amount] a fiscal year with an amount
        [both-languages] a text in Japanese and English
    }, not { $found ->
        [nothing] nothing
        [true-or-false] true or false
        [number] a number
        [text] text
        [list] a list
       *[object] a group of values
    }
    .remedy = Write the value in the form that the field takes.
registers-field-not-a-list = the field takes a list
    .remedy = Write the values as a list, also when there is one value only.
registers-field-blank = the text is blank
    .remedy = Write a text, or leave the field out.
registers-field-both-languages = the text is not given in both languages
    .remedy = Fill in Japanese and English.
registers-field-too-long = the text is longer than { $limit } characters
    .remedy = Shorten the text, and keep long documents at a web address.
registers-field-too-many = the list has more than { $limit } values
    .remedy = Check the separator, or split the record.
registers-field-too-precise = `{ $value }` has more than { $digits } digits after the decimal point
    .remedy = Round the number at its source and write the rounded value.
registers-field-nul-character = the text contains the character U+0000
    .remedy = Save the source file again as UTF-8 text.
registers-ref-wrong-kind = `{ $value }` is not the id of a record of `{ $kind }`
    .remedy = Write an id that starts with { $prefix }-.
registers-transition-not-active = the step `{ $transition }` cannot be taken because the record is { $standing ->
       *[withdrawn] withdrawn
        [duplicate] a duplicate of another
    }
    .remedy = Work with the record that counts, or restore this one first.
registers-transition-unknown = the register `{ $kind }` has no step `{ $transition }`
    .remedy = Choose one of the steps: { $known }.
registers-transition-not-from-here = the step `{ $transition }` cannot be taken from the state `{ $state }`
    .remedy = The step starts from: { $from }.
registers-transition-needs-field = the step `{ $transition }` needs a field that is empty
    .remedy = Fill in the field, then take the step.
registers-state-frozen = the record is in the state `{ $state }`, in which its fields stay as they are
    .remedy = Leave the field as it is; what follows belongs in a new record.

# portfolio
registers-programme-ends-before-start = the programme ends before it starts
    .remedy = Compare the last day with the first day.
registers-call-closes-before-opening = the call closes before it opens
    .remedy = Compare the last day for proposals with the opening day.
registers-call-decided-before-opening = the projects were decided before the call opened
    .remedy = Compare the day of the decision with the opening day.
registers-call-negative-proposals = the number of proposals is below zero
    .remedy = Write the number received, or leave the field out when it is not known.
registers-project-ends-before-start = the project ends before it starts
    .remedy = Compare the last day with the first day.
registers-project-money-year-twice = money is given twice for one fiscal year
    .remedy = Write one amount for each fiscal year.
registers-project-money-year-implausible = a fiscal year of the money is not between { $first } and { $last }
    .remedy = Write the calendar year in which the fiscal year starts, such as 2025.
registers-project-negative-money = the money of a fiscal year is below zero
    .remedy = Write the amount granted, and correct it when money is paid back.
registers-project-database-day-without-use = a first day of database use is given, but the project is said to use no database
    .remedy = Correct the mark of database use, or remove the day.
registers-project-database-use-after-end = the use of a database begins after the project has ended
    .remedy = Compare the first day of use with the last day of the project.
registers-phase-transition-same-phase = the phase after the step is the phase before it
    .remedy = Correct one of the phases, or withdraw the record.
registers-continuation-to-itself = the project is handed over to itself
    .remedy = Write the id of the project that takes over.
registers-continuation-programmes-differ = the route says the same programme, but the two programmes differ
    .remedy = Correct the route, or one of the programmes.
registers-contract-with-itself = the holder and the firm that takes up the result are the same organisation
    .remedy = Write the two parties of the contract.
registers-publication-percentile-range = the citation percentile is not between 0 and 100
    .remedy = Write the percentile from the top, from 0 to 100.
registers-publication-fraction-range = the share of Japan is not between 0 and 1
    .remedy = Write the share as a number from 0 to 1, such as 0.5.
registers-publication-pmid-range = the PubMed number is not above zero
    .remedy = Write the number as PubMed shows it.
registers-publication-rank-without-source = a citation percentile is given without its database
    .remedy = Name the database that the rank comes from.
registers-publication-rank-without-census = a citation percentile is given without the day of the count
    .remedy = Write the day on which the citations were counted.

# organisations
registers-organisation-dissolved-before-established = the organisation was dissolved before it was established
    .remedy = Compare the two days.
registers-organisation-prefecture-abroad = a prefecture is given for a head office abroad
    .remedy = Remove the prefecture, or correct the country.
registers-organisation-role-ends-before-start = the role ends before it starts
    .remedy = Compare the last day with the first day.
registers-site-capability-ends-before-start = the service ends before it starts
    .remedy = Compare the last day in service with the first day.
registers-site-capability-closed-before-decision = the service ended before the site was adopted
    .remedy = Compare the last day in service with the day of adoption.
registers-consortium-membership-ends-before-start = the membership ends before it starts
    .remedy = Compare the last day with the first day.
registers-commitment-ends-before-start = the hub or programme ends before it starts
    .remedy = Compare the last day with the first day.
registers-certification-ends-before-start = the certification ends before it starts
    .remedy = Compare the last day of validity with the first day.

# trials
registers-trial-ends-before-start = the trial ends before it starts
    .remedy = Compare the day of completion with the day of the start.
registers-trial-enrolment-after-end = the first participant enrolled after the trial had ended
    .remedy = Compare the day of the first enrolment with the day of completion.
registers-trial-results-before-start = the results were posted before the trial started
    .remedy = Compare the day of the results with the day of the start.
registers-trial-negative-target = the target number of participants is below zero
    .remedy = Write the target number, or leave the field out when it is not known.
registers-trial-negative-size = the final number of participants is below zero
    .remedy = Write the final number, or leave the field out when it is not known.
registers-trial-first-in-human-phase = a first dose in humans is marked for a later phase
    .remedy = A first-in-human trial is in phase 0, 1 or 1-2; correct the phase or the mark.
registers-trial-first-in-human-study-type = a first dose in humans is marked for a study type that gives none
    .remedy = Correct the study type or the mark.
registers-trial-international-one-country = an international trial lists one country only
    .remedy = List every country that recruits, or correct the mark.
registers-consultation-closed-before-contact = the case was closed before the first contact
    .remedy = Compare the day of closing with the day of the first contact.
registers-support-case-outcome-before-start = the outcome came before the support started
    .remedy = Compare the day of the outcome with the first day of support.
registers-support-case-day-without-outcome = a day of the outcome is given without the outcome
    .remedy = Write the outcome, or remove the day.
registers-training-programme-ends-before-start = the training programme ends before it starts
    .remedy = Compare the last day with the first day.
registers-enrolment-finished-before-enrolled = the last day attended is before the first
    .remedy = Compare the two days.

# regulation
registers-reference-list-ends-before-start = the list ends before it takes effect
    .remedy = Compare the last day of validity with the first day.
registers-list-entry-ends-before-start = the entry leaves the list before it joins it
    .remedy = Compare the last day on the list with the first day.
registers-list-entry-done-and-excluded = the item is both done and left out of the count
    .remedy = Remove the exclusion, or the day on which the item was done.
registers-list-entry-exclusion-without-reason = the item is left out without a reason
    .remedy = Write the reason of the exclusion.
registers-list-entry-exclusion-without-day = the item is left out without a day
    .remedy = Write the day on which the item was left out.
registers-list-entry-day-without-judgement = a day of judgement is given without the judgement
    .remedy = Write whether the item was judged necessary, or remove the day.
registers-regulatory-event-revoked-before-act = the act was taken back before it was done
    .remedy = Compare the day of revocation with the day of the act.
registers-regulatory-event-device-class-of-medicine = a device class is given for a medicine
    .remedy = Remove the device class, or correct the kind of product.
registers-valuation-negative-value = the valuation is below zero
    .remedy = Write the value in whole yen.
registers-investment-round-negative-yen = the amount in yen is below zero
    .remedy = Write the amount in whole yen.
registers-investment-round-negative-amount = the amount in the currency of the contract is below zero
    .remedy = Write the amount as in the contract.
registers-investment-round-yen-differ = the contract is in yen, but its amount differs from the amount in yen
    .remedy = Correct one of the amounts, or the currency.
registers-cooperation-not-abroad = the country of a cooperation abroad is Japan
    .remedy = Write the country that receives the cooperation.
registers-cooperation-negative-beneficiaries = the number of direct beneficiaries is below zero
    .remedy = Write the number, or leave the field out when it is not known.
registers-cooperation-negative-trainees = the number of trainees is below zero
    .remedy = Write the number, or leave the field out when it is not known.
registers-exercise-report-before-exercise = the report was published before the exercise was held
    .remedy = Compare the day of the report with the day of the exercise.
registers-exercise-negative-participants = the number of organisations taking part is below zero
    .remedy = Write the number, or leave the field out when it is not known.
registers-exercise-negative-hours = a time from receipt of the pathogen is below zero
    .remedy = Write the hours from receipt of the pathogen.
registers-exercise-trial-before-candidate = the trial was reached before the candidate
    .remedy = Compare the two times.
registers-observation-period-reversed = the period ends before it starts
    .remedy = Compare the last day of the period with the first day.
registers-observation-retrieved-before-period = the value was retrieved before its period began
    .remedy = Compare the day of retrieval with the first day of the period.
registers-observation-value-range = the value cannot occur in the unit of the series
    .remedy = Check the value and its unit against the source.
registers-observation-sex-differs = the sex differs from the sex that the series names
    .remedy = Correct the sex or the series.

# budget
registers-budget-programme-ends-before-start = the programme ends in a year before it starts
    .remedy = Check the first and the last fiscal year.
registers-budget-programme-number-not-listed = the number of the latest sheet is not in the list of sheet numbers
    .remedy = Add the number to the list, or correct it.
registers-budget-programme-year-twice = one fiscal year has two amounts
    .remedy = Give one amount for each fiscal year.
registers-budget-programme-year-implausible = the fiscal year of an amount is not between { $first } and { $last }
    .remedy = Write the calendar year the fiscal year starts in, such as 2025.
registers-budget-payment-two-numbers = both a valid corporate number and a number that is not valid are given
    .remedy = Leave the printed number empty when the valid one is known.
registers-measure-link-rank-range = the rank is below 1
    .remedy = Count ranks from 1.
registers-measure-link-decision-half = only one of the day and the person of the decision is given
    .remedy = Give both, or neither.
registers-strategy-statement-ends-before-start = the day lies before the first day of the period
    .remedy = Check the first day of the period and the day.
registers-strategy-statement-line-range = the line of the source is below 1
    .remedy = Count lines from 1.

# follow-up
registers-follow-up-cycle-year-implausible = the fiscal year is not between { $first } and { $last }
    .remedy = Write the calendar year the fiscal year starts in, such as 2025.
registers-follow-up-cycle-hash-shape = a hash is not 64 hexadecimal digits
    .remedy = Copy the hash as `shirube pack check` shows it.
registers-follow-up-cycle-due-before-contributions = lead ministries are to submit before the others are to contribute
    .remedy = Set the day for submissions on or after the day for contributions.
registers-follow-up-cycle-due-before-opening = a day for contributions or submissions lies before the opening
    .remedy = Compare the days with the opening day.
registers-follow-up-cycle-days-out-of-order = the days of closing, reporting and locking are out of order
    .remedy = Check the days: opened, closed, reported, locked.
registers-measure-report-lead-takes-part = the lead ministry is also among those that take part
    .remedy = Remove the lead ministry from the list.
registers-measure-report-listed-twice = a ministry or an indicator is listed twice
    .remedy = Remove the second entry.
registers-measure-report-own-approval = the report is approved by the person who submitted it
    .remedy = Have another person approve it.
registers-measure-report-days-out-of-order = the days of submission, approval and locking are out of order
    .remedy = Check the days: submitted, approved, locked.
registers-measure-report-values-unreadable = an approved value is not a JSON object on one line
    .remedy = Approve the report with the product, which writes these lines.
registers-measure-report-digest-differs = the digest does not belong to the approved values
    .remedy = Approve the report with the product, which writes both.
registers-panel-advice-answered-before-given = the advice is answered, or due, before it was given
    .remedy = Compare the days with the day of the advice.
registers-public-need-answered-before-arrival = the need is answered, or due, before it arrived
    .remedy = Compare the days with the day of arrival.
registers-follow-up-action-done-before-start = the action was done before it was begun
    .remedy = Compare the two days.
registers-follow-up-action-done-and-dropped = the action is both done and dropped
    .remedy = Remove one of the two days.
registers-allocation-policy-year-implausible = the fiscal year is not between { $first } and { $last }
    .remedy = Write the calendar year the fiscal year starts in, such as 2025.
registers-budget-request-year-implausible = the fiscal year is not between { $first } and { $last }
    .remedy = Write the calendar year the fiscal year starts in, such as 2025.
registers-budget-request-negative-amount = an amount is below zero
    .remedy = Write the amount without a sign.
registers-budget-request-adjusted-without-reason = the request is adjusted without a reason
    .remedy = Write why the amount was adjusted, or left as it was.
registers-budget-request-days-out-of-order = the request was adjusted or decided before it was filed
    .remedy = Check the days: filed, adjusted, decided.
registers-adjustment-fund-year-implausible = the fiscal year is not between { $first } and { $last }
    .remedy = Write the calendar year the fiscal year starts in, such as 2025.
registers-adjustment-fund-negative-amount = the amount is below zero
    .remedy = Write the amount without a sign.
registers-adjustment-fund-round-range = the round is below 1
    .remedy = Count the allocations of a year from 1.
registers-adjustment-fund-reported-before-decision = the effect was reported before the decision
    .remedy = Compare the two days.
registers-plan-revision-hash-shape = a hash is not 64 hexadecimal digits
    .remedy = Copy the hash as `shirube pack check` shows it.
registers-plan-revision-nothing-new = the new pack is the one the revision starts from
    .remedy = Compare with the revised pack.
registers-plan-revision-negative-differences = the number of differences is below zero
    .remedy = Write the number that the comparison shows.
registers-plan-revision-effective-before-approval = the plan takes effect before it is approved
    .remedy = Set the first day on or after the approval.
registers-data-set-terms-waiting-range = the waiting time is below zero or above { $most } days
    .remedy = Write the days between a notice and the first use.
registers-data-set-terms-age-range = the age from which somebody chooses alone is below zero or above { $most }
    .remedy = Write the age in years, such as 16.
registers-data-set-terms-ends-before-start = the last day is before the first
    .remedy = Set the last day on or after the first.
registers-opt-out-notice-person-shape = the person is not a number of the data set
    .remedy = Write the number that the import gave the person, in digits. Names and numbers of hospitals or insurers do not belong here.
registers-opt-out-notice-waiting-before-notice = the waiting time ends before the notice was given
    .remedy = Set the last day of waiting on or after the notice.
registers-opt-out-notice-superseded-before-notice = the notice was superseded before it was given
    .remedy = Compare the two days.
registers-use-choice-person-shape = the person is not a number of the data set
    .remedy = Write the number that the import gave the person, in digits. Names and numbers of hospitals or insurers do not belong here.
registers-use-choice-effective-before-choice = the choice takes effect before it was made
    .remedy = Set the first day on or after the day of the choice.
registers-use-choice-ends-before-start = the choice ends before it takes effect
    .remedy = Set the last day on or after the first.
registers-use-choice-withdrawn-before-choice = the choice was withdrawn before it was made
    .remedy = Compare the two days.
registers-use-choice-withdrawal-incomplete = a withdrawal lacks its day or who withdrew
    .remedy = Write both, or neither.
registers-use-choice-listed-twice = a purpose or a class of recipients is listed twice
    .remedy = Leave one of them.
registers-use-choice-erasure-with-permit = a permit asks for erasure
    .remedy = Enter the request for erasure as a refusal.

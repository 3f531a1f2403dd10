# 台帳の記録：項目、参照、手続、台帳ごとの規則
registers-body-unreadable = 記録を台帳「{ $kind }」の形式で読み取れません
    .remedy = 台帳の項目一覧と照らし合わせてください。
registers-field-unknown = 台帳「{ $kind }」に項目「{ $name }」はありません
    .remedy = 項目を削除するか、項目名を直してください。
registers-field-missing = 必須の項目が空です
    .remedy = 値を入力してください。
registers-field-wrong-type = { $expected ->
       *[text] 文字
        [date] 日付
        [whole-number] 整数
        [decimal] 引用符で囲んだ数
        [true-or-false] 真偽（true／false）
        [record-id] 記録ID
        [web-address] ウェブアドレス
        [year-amount] 年度と金額の組
        [both-languages] 日本語と英語の文字
    }の形で書く項目ですが、{ $found ->
        [nothing] 値なし
        [true-or-false] 真偽
        [number] 数
        [text] 文字
        [list] 一覧
       *[object] 値の組
    }が書かれています
    .remedy = 項目の形に合わせて値を書いてください。
registers-field-not-a-list = この項目には値の一覧を書きます
    .remedy = 値が一つの場合も、一覧として書いてください。
registers-field-blank = 文字が入っていません
    .remedy = 文字を入力するか、項目を省いてください。
registers-field-both-languages = 日本語と英語の両方がそろっていません
    .remedy = 日本語と英語の両方を入力してください。
registers-field-too-long = 文字数が上限（{ $limit }字）を超えています
    .remedy = 文字数を減らし、長い文書はウェブ上の所在を記録してください。
registers-field-too-many = 値の数が上限（{ $limit }件）を超えています
    .remedy = 区切り文字を確かめるか、記録を分けてください。
registers-field-too-precise = 「{ $value }」は小数点以下が{ $digits }桁を超えています
    .remedy = 出典の値を丸めて書いてください。
registers-field-nul-character = 文字列に U+0000 が含まれています
    .remedy = 元のファイルをUTF-8のテキストとして保存し直してください。
registers-ref-wrong-kind = 「{ $value }」は台帳「{ $kind }」の記録IDではありません
    .remedy = { $prefix }- で始まる記録IDを書いてください。
registers-transition-not-active = 記録が{ $standing ->
       *[withdrawn] 取り下げられている
        [duplicate] 他の記録と重複している
    }ため、手続「{ $transition }」は行えません
    .remedy = 有効な記録で手続を行うか、先にこの記録を有効に戻してください。
registers-transition-unknown = 台帳「{ $kind }」に手続「{ $transition }」はありません
    .remedy = 次の手続から選んでください：{ $known }。
registers-transition-not-from-here = 状態「{ $state }」からは手続「{ $transition }」を行えません
    .remedy = この手続を行える状態：{ $from }。
registers-transition-needs-field = 手続「{ $transition }」に必要な項目が空です
    .remedy = 項目を入力してから手続を行ってください。
registers-state-frozen = 記録は状態「{ $state }」にあり、項目を変更できません
    .remedy = 項目をそのままにし、その後のことは新しい記録に書いてください。

# portfolio
registers-programme-ends-before-start = 事業の終了日が開始日より前です
    .remedy = 開始日と終了日を確かめてください。
registers-call-closes-before-opening = 公募の締切日が開始日より前です
    .remedy = 公募の開始日と締切日を確かめてください。
registers-call-decided-before-opening = 採択の決定日が公募の開始日より前です
    .remedy = 公募の開始日と採択の決定日を確かめてください。
registers-call-negative-proposals = 応募件数が負の数です
    .remedy = 受け付けた件数を書き、不明なら項目を省いてください。
registers-project-ends-before-start = 課題の終了日が開始日より前です
    .remedy = 開始日と終了日を確かめてください。
registers-project-money-year-twice = 同じ年度の金額が二つあります
    .remedy = 年度ごとに一つの金額にまとめてください。
registers-project-money-year-implausible = 金額の年度が{ $first }年度から{ $last }年度までの範囲にありません
    .remedy = 年度は、2025のように4月が属する西暦年で書いてください。
registers-project-negative-money = 年度の金額が負の数です
    .remedy = 交付した額を書き、返還があれば額を訂正してください。
registers-project-database-day-without-use = データベースを利用しない課題に利用開始日があります
    .remedy = 利用の有無を訂正するか、利用開始日を削除してください。
registers-project-database-use-after-end = データベースの利用開始日が課題の終了日より後です
    .remedy = 利用開始日と課題の終了日を確かめてください。
registers-phase-transition-same-phase = 移行の前後で研究開発フェーズが同じです
    .remedy = どちらかのフェーズを訂正するか、記録を取り下げてください。
registers-continuation-to-itself = 引継元と引継先が同じ課題です
    .remedy = 引継先の課題の記録IDを書いてください。
registers-continuation-programmes-differ = 経路が「同一事業内」なのに、二つの事業が異なります
    .remedy = 経路か事業を訂正してください。
registers-contract-with-itself = 成果の保有者と導出先が同じ組織です
    .remedy = 契約の両当事者を書いてください。
registers-publication-percentile-range = 被引用数の百分位が0から100の範囲にありません
    .remedy = 上位からの百分位を0から100までの数で書いてください。
registers-publication-fraction-range = 日本の貢献分が0から1の範囲にありません
    .remedy = 0.5のように0から1までの数で書いてください。
registers-publication-pmid-range = PubMed番号が正の数ではありません
    .remedy = PubMedに示された番号を書いてください。
registers-publication-rank-without-source = 被引用数の百分位がありますが、出典のデータベースがありません
    .remedy = 順位の出典となったデータベースを書いてください。
registers-publication-rank-without-census = 被引用数の百分位がありますが、集計日がありません
    .remedy = 被引用数を集計した日を書いてください。

# organisations
registers-organisation-dissolved-before-established = 組織の解散日が設立日より前です
    .remedy = 設立日と解散日を確かめてください。
registers-organisation-prefecture-abroad = 本部が国外の組織に都道府県が書かれています
    .remedy = 都道府県を削除するか、国を訂正してください。
registers-organisation-role-ends-before-start = 役割の終了日が開始日より前です
    .remedy = 開始日と終了日を確かめてください。
registers-site-capability-ends-before-start = 供用の終了日が開始日より前です
    .remedy = 供用の開始日と終了日を確かめてください。
registers-site-capability-closed-before-decision = 供用の終了日が採択日より前です
    .remedy = 採択日と供用の終了日を確かめてください。
registers-consortium-membership-ends-before-start = 参画の終了日が開始日より前です
    .remedy = 開始日と終了日を確かめてください。
registers-commitment-ends-before-start = 拠点又はプログラムの終了日が開始日より前です
    .remedy = 開始日と終了日を確かめてください。
registers-certification-ends-before-start = 認定の終了日が開始日より前です
    .remedy = 有効期間の初日と末日を確かめてください。

# trials
registers-trial-ends-before-start = 試験の終了日が開始日より前です
    .remedy = 開始日と終了日を確かめてください。
registers-trial-enrolment-after-end = 最初の参加者の登録日が試験の終了日より後です
    .remedy = 最初の登録日と試験の終了日を確かめてください。
registers-trial-results-before-start = 結果の公表日が試験の開始日より前です
    .remedy = 結果の公表日と試験の開始日を確かめてください。
registers-trial-negative-target = 目標参加者数が負の数です
    .remedy = 目標参加者数を書き、不明なら項目を省いてください。
registers-trial-negative-size = 最終参加者数が負の数です
    .remedy = 最終参加者数を書き、不明なら項目を省いてください。
registers-trial-first-in-human-phase = ヒト初回投与（FIH）試験とされていますが、より後の相です
    .remedy = FIH試験の相は0相、1相、1-2相のいずれかです。相又はFIHの印を訂正してください。
registers-trial-first-in-human-study-type = ヒト初回投与（FIH）試験とされていますが、初回投与を行わない種類の研究です
    .remedy = 研究の種類又はFIHの印を訂正してください。
registers-trial-international-one-country = 国際共同試験とされていますが、国が一つしかありません
    .remedy = 参加者を募集するすべての国を書くか、国際共同試験の印を訂正してください。
registers-consultation-closed-before-contact = 相談の終了日が最初の受付日より前です
    .remedy = 最初の受付日と終了日を確かめてください。
registers-support-case-outcome-before-start = 結果が出た日が支援の開始日より前です
    .remedy = 支援の開始日と結果が出た日を確かめてください。
registers-support-case-day-without-outcome = 結果が出た日がありますが、結果がありません
    .remedy = 結果を書くか、日付を削除してください。
registers-training-programme-ends-before-start = 研修プログラムの終了日が開始日より前です
    .remedy = 開始日と終了日を確かめてください。
registers-enrolment-finished-before-enrolled = 受講の終了日が開始日より前です
    .remedy = 受講の開始日と終了日を確かめてください。

# regulation
registers-reference-list-ends-before-start = リストの有効期間の末日が初日より前です
    .remedy = 有効期間の初日と末日を確かめてください。
registers-list-entry-ends-before-start = 掲載の終了日が開始日より前です
    .remedy = 掲載の開始日と終了日を確かめてください。
registers-list-entry-done-and-excluded = 完了日と除外の両方が書かれています
    .remedy = 除外の記載か完了日のどちらかを削除してください。
registers-list-entry-exclusion-without-reason = 除外日がありますが、理由がありません
    .remedy = 除外の理由を書いてください。
registers-list-entry-exclusion-without-day = 除外の理由がありますが、除外日がありません
    .remedy = 除外した日を書いてください。
registers-list-entry-day-without-judgement = 必要性の判断日がありますが、判断の結果がありません
    .remedy = 判断の結果を書くか、判断日を削除してください。
registers-regulatory-event-revoked-before-act = 取消日が処分等の日より前です
    .remedy = 処分等の日と取消日を確かめてください。
registers-regulatory-event-device-class-of-medicine = 医薬品に医療機器のクラス分類が書かれています
    .remedy = クラス分類を削除するか、製品の種類を訂正してください。
registers-valuation-negative-value = 企業価値が負の数です
    .remedy = 企業価値を円単位で書いてください。
registers-investment-round-negative-yen = 円換算額が負の数です
    .remedy = 金額を円単位で書いてください。
registers-investment-round-negative-amount = 契約通貨での金額が負の数です
    .remedy = 契約に記された金額を書いてください。
registers-investment-round-yen-differ = 契約通貨が円なのに、二つの金額が一致しません
    .remedy = 金額又は通貨を訂正してください。
registers-cooperation-not-abroad = 国外での協力の対象国が日本になっています
    .remedy = 協力の対象国を書いてください。
registers-cooperation-negative-beneficiaries = 直接裨益者数が負の数です
    .remedy = 人数を書き、不明なら項目を省いてください。
registers-cooperation-negative-trainees = 研修を受けた人の数が負の数です
    .remedy = 人数を書き、不明なら項目を省いてください。
registers-exercise-report-before-exercise = 報告の公表日が訓練の実施日より前です
    .remedy = 訓練の実施日と報告の公表日を確かめてください。
registers-exercise-negative-participants = 参加組織数が負の数です
    .remedy = 組織数を書き、不明なら項目を省いてください。
registers-exercise-negative-hours = 病原体の受領からの時間が負の数です
    .remedy = 病原体の受領からの時間数を書いてください。
registers-exercise-trial-before-candidate = 治験までの時間が候補品までの時間より短くなっています
    .remedy = 二つの時間を確かめてください。
registers-observation-period-reversed = 対象期間の末日が初日より前です
    .remedy = 対象期間の初日と末日を確かめてください。
registers-observation-retrieved-before-period = 取得日が対象期間の初日より前です
    .remedy = 取得日と対象期間を確かめてください。
registers-observation-value-range = 値が系列の単位ではあり得ない大きさです
    .remedy = 値と単位を出典と照らし合わせてください。
registers-observation-sex-differs = 性別が系列の示す性別と異なります
    .remedy = 性別又は系列を訂正してください。

# budget
registers-budget-programme-ends-before-start = 事業の終了年度が開始年度より前です
    .remedy = 開始年度と終了年度を確かめてください。
registers-budget-programme-number-not-listed = 最新のシート番号が、シート番号の一覧にありません
    .remedy = 一覧に最新の番号を加えるか、番号を直してください。
registers-budget-programme-year-twice = 同じ年度の金額が二つあります
    .remedy = 年度ごとに一つの金額にまとめてください。
registers-budget-programme-year-implausible = 金額の年度が{ $first }年度から{ $last }年度までの範囲にありません
    .remedy = 年度は、2025のように4月が属する西暦年で書いてください。
registers-budget-payment-two-numbers = 法人番号と、正しくない番号の記載の両方が入っています
    .remedy = 正しい法人番号があれば、記載の項目を空にしてください。
registers-measure-link-rank-range = 順位が1より小さい数です
    .remedy = 順位は1から数えてください。
registers-measure-link-decision-half = 判断の日と判断した人の一方だけが入っています
    .remedy = 両方を入れるか、両方を空にしてください。
registers-strategy-statement-ends-before-start = 時点が期間の初日より前です
    .remedy = 期間の初日と時点を確かめてください。
registers-strategy-statement-line-range = 本文の行番号が1より小さい数です
    .remedy = 行番号は1から数えてください。

# follow-up
registers-follow-up-cycle-year-implausible = 年度が{ $first }年度から{ $last }年度までの範囲にありません
    .remedy = 年度は、2025のように4月が属する西暦年で書いてください。
registers-follow-up-cycle-hash-shape = ハッシュ値が16進数64桁ではありません
    .remedy = 「shirube pack check」が示すハッシュ値をそのまま写してください。
registers-follow-up-cycle-due-before-contributions = 取りまとめ府省庁の提出期限が、参画府省庁の入力期限より前です
    .remedy = 提出期限を入力期限以後の日にしてください。
registers-follow-up-cycle-due-before-opening = 入力期限又は提出期限が開始日より前です
    .remedy = 各期限と開始日を確かめてください。
registers-follow-up-cycle-days-out-of-order = 締切り、報告、確定の日の順が正しくありません
    .remedy = 開始、締切り、報告、確定の順になるよう日付を確かめてください。
registers-measure-report-lead-takes-part = 取りまとめ府省庁が参画府省庁にも入っています
    .remedy = 参画府省庁の一覧から取りまとめ府省庁を除いてください。
registers-measure-report-listed-twice = 府省庁又は指標が二度挙げられています
    .remedy = 重なっているものを除いてください。
registers-measure-report-own-approval = 提出した人が承認者になっています
    .remedy = 別の人が承認してください。
registers-measure-report-days-out-of-order = 提出、承認、確定の日の順が正しくありません
    .remedy = 提出、承認、確定の順になるよう日付を確かめてください。
registers-measure-report-values-unreadable = 承認した値が、1行の JSON オブジェクトではありません
    .remedy = 承認の操作によって値を書き込んでください。
registers-measure-report-digest-differs = 要約値が承認した値のものではありません
    .remedy = 承認の操作によって値と要約値を書き込んでください。
registers-panel-advice-answered-before-given = 助言の日より前に回答日又は回答期限があります
    .remedy = 助言の日と回答の日を確かめてください。
registers-public-need-answered-before-arrival = 受付日より前に回答日又は回答期限があります
    .remedy = 受付日と回答の日を確かめてください。
registers-follow-up-action-done-before-start = 完了日が着手日より前です
    .remedy = 着手日と完了日を確かめてください。
registers-follow-up-action-done-and-dropped = 対応が完了と取りやめの両方になっています
    .remedy = 完了日又は取りやめた日のどちらかを除いてください。
registers-allocation-policy-year-implausible = 年度が{ $first }年度から{ $last }年度までの範囲にありません
    .remedy = 年度は、2025のように4月が属する西暦年で書いてください。
registers-budget-request-year-implausible = 年度が{ $first }年度から{ $last }年度までの範囲にありません
    .remedy = 年度は、2025のように4月が属する西暦年で書いてください。
registers-budget-request-negative-amount = 金額が負の数です
    .remedy = 金額を符号なしで書いてください。
registers-budget-request-adjusted-without-reason = 調整後の額に理由がありません
    .remedy = 調整した理由、又は要求どおりとした理由を書いてください。
registers-budget-request-days-out-of-order = 要求の日より前に調整又は決定の日があります
    .remedy = 要求、調整、決定の順になるよう日付を確かめてください。
registers-adjustment-fund-year-implausible = 年度が{ $first }年度から{ $last }年度までの範囲にありません
    .remedy = 年度は、2025のように4月が属する西暦年で書いてください。
registers-adjustment-fund-negative-amount = 金額が負の数です
    .remedy = 金額を符号なしで書いてください。
registers-adjustment-fund-round-range = 配分の回が1より小さい数です
    .remedy = 年度内の配分は1回目から数えてください。
registers-adjustment-fund-reported-before-decision = 効果の報告日が決定日より前です
    .remedy = 決定日と報告日を確かめてください。
registers-plan-revision-hash-shape = ハッシュ値が16進数64桁ではありません
    .remedy = 「shirube pack check」が示すハッシュ値をそのまま写してください。
registers-plan-revision-nothing-new = 新しいパックが改定前のパックと同じです
    .remedy = 改定後のパックと比べてください。
registers-plan-revision-negative-differences = 相違の数が負の数です
    .remedy = 比較の結果の数を書いてください。
registers-plan-revision-effective-before-approval = 適用日が承認日より前です
    .remedy = 適用日を承認日以後にしてください。
registers-data-set-terms-waiting-range = 待機日数が負の数か、{ $most }日を超えています
    .remedy = 通知から利用開始までの日数を書いてください。
registers-data-set-terms-age-range = 本人が自ら選ぶ年齢が負の数か、{ $most }歳を超えています
    .remedy = 16 のように年齢を書いてください。
registers-data-set-terms-ends-before-start = 最終日が初日より前です
    .remedy = 最終日を初日以後にしてください。
registers-opt-out-notice-person-shape = 本人の欄がデータセットの番号ではありません
    .remedy = 取込みの際に付いた番号を数字で書いてください。氏名、診療所や保険者の番号は書けません。
registers-opt-out-notice-waiting-before-notice = 待機の最終日が通知日より前です
    .remedy = 待機の最終日を通知日以後にしてください。
registers-opt-out-notice-superseded-before-notice = 通知の失効日が通知日より前です
    .remedy = 二つの日を確かめてください。
registers-use-choice-person-shape = 本人の欄がデータセットの番号ではありません
    .remedy = 取込みの際に付いた番号を数字で書いてください。氏名、診療所や保険者の番号は書けません。
registers-use-choice-effective-before-choice = 効力の開始日が意思表示の日より前です
    .remedy = 開始日を意思表示の日以後にしてください。
registers-use-choice-ends-before-start = 効力の最終日が開始日より前です
    .remedy = 最終日を開始日以後にしてください。
registers-use-choice-withdrawn-before-choice = 撤回日が意思表示の日より前です
    .remedy = 二つの日を確かめてください。
registers-use-choice-withdrawal-incomplete = 撤回の日又は撤回した人が書かれていません
    .remedy = 両方を書くか、両方を空にしてください。
registers-use-choice-listed-twice = 目的又は提供先の区分が二度挙げられています
    .remedy = 一つだけ残してください。
registers-use-choice-erasure-with-permit = 利用を認める意思表示に消去の求めが付いています
    .remedy = 消去の求めは拒否として記録してください。

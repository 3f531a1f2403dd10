core-date-unreadable = 「{ $value }」は日付として読めません
    .remedy = 2025-04-01、2025/4/1、令和7年4月1日、R7.4.1 のいずれかで書いてください。
core-date-outside-era = 「{ $value }」はその元号に存在しない日付です
    .remedy = 元号の年と西暦の年を照らし合わせてください。
core-corporate-number-shape = 「{ $value }」は13桁の数字ではありません
    .remedy = 法人番号を13桁の数字で書いてください。
core-corporate-number-check = 法人番号「{ $value }」の検査用数字が合いません
    .remedy = 国税庁の法人番号公表サイトの番号と照らし合わせてください。
core-identifier-shape = 「{ $value }」は{ $scheme }の識別子の形ではありません
    .remedy = { $example } のように書いてください。
core-decimal-unreadable = 「{ $value }」は数として読めません
    .remedy = 単位を付けず、数字と必要なら小数点だけで書いてください。
core-record-id-shape = 「{ $value }」は記録IDの形ではありません
    .remedy = 記録IDは、英大文字3字、ハイフン、英数字12字です。
filter-syntax = 絞り込み式を読めません:{ $detail }
    .remedy = contract_type = 'licence' AND effective_on >= DATE '2025-04-01' のような条件を書いてください。
filter-too-long = 絞り込み式が{ $max }バイトを超えています
    .remedy = 指標を分けるか、条件の一部を連結(link)に移してください。
filter-too-deep = 絞り込み式の入れ子が{ $max }段を超えています
    .remedy = 長い連鎖は IN (…) に置き換え、括弧を減らしてください。
filter-unknown-field = 台帳「{ $kind }」に項目「{ $name }」はありません
    .remedy = 使える項目:{ $known }、state。
filter-unreadable-field = 項目「{ $name }」は絞り込み式では使えません
    .remedy = 文字列、コード、日付、数、真偽値の項目を使ってください。
filter-not-a-field = 「{ $text }」は項目名ではありません
    .remedy = 引用符や計算式を付けず、項目名を書いてください。
filter-not-a-list = 「{ $name }」は一つの値を持つ項目で、リストではありません
    .remedy = = または IN で比べてください。
filter-not-a-condition = 「{ $text }」だけでは真偽が決まりません
    .remedy = 例えば { $text } = 'value' のように比べてください。
filter-types = { $left } と { $right } はこの形では比べられません
    .remedy = 同じ型どうしで比べ、日付は DATE '2025-04-01'、文字列は一重引用符で書いてください。
filter-unsupported = 「{ $text }」は絞り込み式では使えません
    .remedy = 使えるのは項目、定数、= <> < <= > >=、AND、OR、NOT、IN、BETWEEN、IS NULL、has()、count()、fiscal_year() です。

# 健康寿命（サリバン法）
core-health-expectancy-empty = 生命表の行がありません
    .remedy = 年齢階級ごとの生存数、定常人口、有病率を与えてください。
core-health-expectancy-ages = 年齢階級が年齢の順に並んでいません
    .remedy = 若い階級から順に、同じ年齢を繰り返さずに並べてください。
core-health-expectancy-survivors = 生存数が正の数でないか、前の階級より増えています
    .remedy = 生命表の生存数（lx）を確かめてください。
core-health-expectancy-person-years = 定常人口が負の数か、数ではありません
    .remedy = 生命表の定常人口（Lx）を確かめてください。
core-health-expectancy-prevalence = 有病率が0から1までの範囲にありません
    .remedy = 百分率ではなく、割合で書いてください。
core-health-expectancy-uncertainty = 標本の人数、デザイン効果、分散のいずれかが正しくありません
    .remedy = 人数は正の数、デザイン効果と分散は0以上の数を与えてください。

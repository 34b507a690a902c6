-- Google Analytics 4 in BigQuery to a log that funnel-train reads (--schema ga4, found by itself): one row per
-- event and product, one row for an event without products.
--
-- 1. Put the name of your export in place of `project.analytics_123456789`, and choose the days.
-- 2. Save the result as CSV, in parts if it is large, and give all parts at once:
--      bq query --use_legacy_sql=false --format=csv --max_rows=1000000000 < ga4.sql | gzip > events.csv.gz
--      funnel-train metrics events.csv.gz
--
-- ga_session_id counts per user; funnel joins it with the user by itself. Names of lists and products that
-- Analytics does not know are "(not set)" in the export: they become empty.
SELECT
  event_timestamp,                                               -- microseconds since 1970, UTC
  event_name,
  user_pseudo_id,
  (SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_id') AS ga_session_id,
  NULLIF(item.item_id, '(not set)') AS item_id,
  NULLIF(item.item_brand, '(not set)') AS item_brand,
  NULLIF(item.item_category, '(not set)') AS item_category,
  NULLIF(COALESCE(item.item_list_name, item.item_list_id), '(not set)') AS item_list_name,
  item.item_list_index AS item_list_index,
  item.price AS price,
  item.quantity AS quantity,
  item.item_revenue AS item_revenue,                             -- purchases only
  NULLIF(ecommerce.transaction_id, '(not set)') AS transaction_id,
  device.category AS device,                                     -- for --by device, or as an input
  geo.country AS country,
  traffic_source.medium AS medium
FROM
  `project.analytics_123456789.events_*`
  LEFT JOIN UNNEST(items) AS item
WHERE
  _TABLE_SUFFIX BETWEEN '20240101' AND '20240131'
  AND user_pseudo_id IS NOT NULL                                 -- visitors who declined cookies have none
  AND event_name IN ('page_view', 'view_item_list', 'select_item', 'view_item', 'add_to_wishlist', 'add_to_cart',
                     'remove_from_cart', 'begin_checkout', 'add_payment_info', 'purchase', 'refund')
ORDER BY
  event_timestamp

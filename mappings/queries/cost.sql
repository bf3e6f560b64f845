-- What the platform costs a month, in cents for each tenant; a value a month, on its last day.
SELECT
    month AS date,
    round(1.0 * sum(cents) / max(tenants), 1) AS value
FROM costs
WHERE month <= :cycle_end
GROUP BY month
ORDER BY month

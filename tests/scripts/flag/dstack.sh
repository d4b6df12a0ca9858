for task in tasks/*.dstack.yml; do
  dstack apply -y -d -f "$task"
done
# expect GS301: 2
